"""The stacks: the root, its nested stacks, and the foundation beside it."""

"""An environment is deployed: foundation, image, root, and what a run before it has left."""

"""The image: what goes in, how it is built and pushed."""

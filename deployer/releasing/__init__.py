"""Releases of an image: made, proven, written down, returned to."""

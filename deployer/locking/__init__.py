"""One run at a time: the environment's lock, and who holds it."""

"""Rules between settings, by topic: each a function that yields what is wrong, and where."""

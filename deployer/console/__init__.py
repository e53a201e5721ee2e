"""All that is printed: talk to stderr, data to stdout."""

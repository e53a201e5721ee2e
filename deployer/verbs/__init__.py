"""The verbs of the command line, a module for each group, and what they share."""

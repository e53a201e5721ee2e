"""The verbs of the command line: each reads settings, does its work, and says what came of it."""

"""The one exception of this package that is meant for the user."""


class LocalError(Exception):
    """Something the user must know or do; its text is one line: where, what, what to do."""

"""Waits on standard input to be told a program and its environment, then becomes that program.

The runner starts this file rather than the program itself, so that it can write down the process before the program
runs: killed in between, the runner leaves no process that nobody knows, for this one ends with its standard input.
"""

import json
import os
import signal
import sys


def main() -> int:
    """Return an exit status only when there is nothing to become."""
    try:
        told = json.load(sys.stdin.buffer)
    except ValueError:
        return 1  # whoever was to tell has died
    os.dup2(os.open(os.devnull, os.O_RDONLY), sys.stdin.fileno())
    for ignored_by_python in (signal.SIGPIPE, signal.SIGXFSZ):
        signal.signal(ignored_by_python, signal.SIG_DFL)
    arguments: list[str] = told["arguments"]
    try:
        os.execvpe(arguments[0], arguments, told["environment"])  # noqa: S606
    except OSError as error:
        sys.stderr.write(f"cannot start {arguments[0]}: {error.strerror}\n")
    return 127


if __name__ == "__main__":
    sys.exit(main())

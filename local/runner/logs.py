"""Reads the ends of log files in a form that may be shown."""

import re
from collections.abc import Iterable
from pathlib import Path

_END = 16_384  # bytes at the end of a file in which lines are looked for
_SHORTEST = 6  # characters; hiding shorter values would tear ordinary words
# Colours and other commands to terminals (ECMA-48), then every other control character.
_COMMANDS = re.compile(r"\x1b\[[0-9;?]*[ -/]*[@-~]|\x1b\][^\x07\x1b]*(?:\x07|\x1b\\)?|\x1b.")
_CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f]")


def tail(path: Path, count: int, secrets: Iterable[str] = ()) -> list[str]:
    """Return the last `count` lines that are not blank, without commands to the terminal and without secrets."""
    try:
        with path.open("rb") as stream:
            stream.seek(max(0, path.stat().st_size - _END))
            text = stream.read().decode(errors="replace")
    except FileNotFoundError:
        return []
    lines = [clean(line, secrets) for line in text.split("\n")]
    return [line for line in lines if line][-count:]


def clean(line: str, secrets: Iterable[str] = ()) -> str:
    """Return a line fit to be shown."""
    line = _CONTROL.sub("", _COMMANDS.sub("", line).replace("\t", " ")).strip()
    for secret in secrets:
        if len(secret) >= _SHORTEST:
            line = line.replace(secret, "***")
    return line

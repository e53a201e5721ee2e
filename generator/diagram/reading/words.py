"""Names and amounts as people write them."""

import re

WORD = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|[0-9]+")


def words(name: str, *without: str) -> str:
    """A logical id as words, without its last one where that says nothing: `DagProcessorService`, Dag processor."""
    parts = WORD.findall(name)
    if len(parts) > 1 and parts[-1] in without:
        parts = parts[:-1]
    return " ".join([parts[0][:1].upper() + parts[0][1:], *(_lower(part) for part in parts[1:])]) if parts else name


def count(number: int, one: str, several: str = "") -> str:
    """`1 task`, `2 tasks`."""
    return f"{number} {one if number == 1 else several or one + 's'}"


def sentence(*parts: str) -> str:
    """Join what is there with middle dots."""
    return " · ".join(part for part in parts if part)


def listed(names: list[str], most: int) -> str:
    """Names with commas, no more than `most` of them."""
    more = len(names) - most
    return ", ".join(names) if more <= 0 else f"{', '.join(names[:most])} and {more} more"


def _lower(part: str) -> str:
    return part if part.isupper() and len(part) > 1 else part.lower()

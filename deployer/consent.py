"""Asking: what is shown, what must be answered, and which option answers it beforehand."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass


@dataclass(frozen=True)
class Question:
    """Something that is done only with consent.

    `shown` is printed before, and may be empty. Without a `word` the answer is y or yes; with one, that word must be
    typed. `option` is what gives consent beforehand, for example `--recreate`; where one question follows another,
    `advice` is all that has to be given.
    """

    text: str
    shown: str = ""
    word: str = ""
    option: str = "--yes"
    advice: str = ""


Ask = Callable[[Question], bool]
"""Whether somebody agrees. Raises Declined, naming the option, when nobody is there to ask."""


def nobody(_: Question) -> bool:
    """Agree to nothing."""
    return False

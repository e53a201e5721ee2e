"""Whatever stands in the file, the answer is Settings or located problems, never a traceback."""

import random
import re
from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st

from generator.config.environments import choose, judged, overlay
from generator.config.settings import Settings
from generator.config.source import SettingsError, parse
from tests.generator.config.examples import examples

SHIPPED = (Path(__file__).parents[3] / "service.yml").read_text()
LOCATED = re.compile(r"service\.yml:\d+:\d+: .+")
SPICE = [
    "",
    "[",
    "]",
    "{",
    "}",
    ":",
    ": ",
    "- ",
    "&a ",
    "*a",
    "!!int ",
    "'",
    '"',
    "\t",
    "\n",
    "0",
    "-1",
    "1e9",
    "null",
    "~",
]


def outcome(text: str) -> Settings | None:
    """Settings, or None after checking that every problem says where it is."""
    try:
        whole = parse(text, "service.yml")
        return judged(overlay(whole, choose(whole, "dev")))[0]
    except SettingsError as error:
        problems = error.problems
    assert problems
    for problem in problems:
        assert LOCATED.match(str(problem)), str(problem)
    return None


@examples(100, 3000)
@given(st.text(max_size=200))
def test_any_text(text: str) -> None:
    outcome(text)


@given(seed=st.integers(), cuts=st.integers(1, 4))
@examples(60, 3000)
def test_any_damage_to_the_shipped_file(seed: int, cuts: int) -> None:
    chance = random.Random(seed)  # noqa: S311 - to damage text
    text = SHIPPED
    for _ in range(cuts):
        at = chance.randrange(len(text))
        text = text[:at] + chance.choice(SPICE) + text[at + chance.randrange(12) :]
    outcome(text)


def test_the_shipped_file_is_valid() -> None:
    assert outcome(SHIPPED) is not None

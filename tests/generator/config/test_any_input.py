"""Whatever stands in the file, the answer is Settings or located problems, never a traceback."""

import random
import re
from pathlib import Path

import pytest
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
    '"\\ud800"',
    '"\\UFFFFFFFF"',
    "!!bool ",
    "!!timestamp ",
]


def outcome(text: str) -> Settings | None:
    """Settings, or None after checking that every problem says where it is."""
    try:
        whole = parse(text, "service.yml")
        settings = judged(overlay(whole, choose(whole, "dev")))[0]
    except SettingsError as error:
        problems = error.problems
    else:
        settings.model_dump_json().encode()
        return settings
    assert problems
    for problem in problems:
        assert LOCATED.match(str(problem)), str(problem)
        str(problem).encode()
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


@pytest.mark.parametrize(
    "text",
    [
        'airflow: {variables: {A: "\\ud800"}}',
        '"\\ud800": 1',
        'region: "\\UFFFFFFFF"',
        "retainData: !!bool x",
        "region: !!timestamp x",
        'region: !!int ""',
        f"region: {':'.join(['1'] * 300)}.5",
        f"service: {{webserver: {{cpu: 0x{'f' * 5000}}}}}",
        f"retainData: 0x{'f' * 5000}",
    ],
)
def test_what_yaml_itself_stumbles_over(text: str) -> None:
    assert outcome(f"{text}\nserviceName: air\nowner: data\nenvironments: {{dev: {{}}}}\n") is None


def test_the_shipped_file_is_valid() -> None:
    assert outcome(SHIPPED) is not None

"""The matrix: every two values of the options meet, and each combination renders to what the house asks for."""

import hashlib
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from generator.config.fields import Change
from generator.config.leaves import leaves
from generator.config.settings import Settings
from generator.render import render
from tests.house_rules.rules import violations
from tests.matrix.options import OPTIONS, everything_on
from tests.matrix.selection import Combination, combinations, missing_pairs

CHECKOUT = Path(__file__).parents[2]
KeyPath = tuple[str, ...]


def test_every_two_values_that_go_together_meet() -> None:
    assert missing_pairs(one.row for one in combinations()) == set()


def test_every_setting_is_tried() -> None:
    tried = {path for values in OPTIONS.values() for overlay in values.values() for path in _paths(overlay, ())}
    known = {(one.owner, one.field): one.dotted for one in leaves(Settings) if one.change is not Change.NOTHING}
    seen = {(one.owner, one.field) for one in leaves(Settings) if any(_is_at(path, one.path) for path in tried)}
    assert [dotted for leaf, dotted in known.items() if leaf not in seen] == []


@pytest.mark.parametrize("combination", combinations(), ids=str)
def test_every_combination_obeys_the_house_rules(combination: Combination) -> None:
    assert violations(render(combination.settings), combination.settings) == [], dict(combination.row)


def test_everything_on_obeys_the_house_rules() -> None:
    settings = Settings.model_validate(everything_on())
    assert violations(render(settings), settings) == []


def test_the_bytes_are_the_same_whatever_the_hash_seed() -> None:
    program = "from tests.matrix.test_matrix import digest; print(digest())"
    digests = {
        subprocess.run(
            [sys.executable, "-c", program],
            cwd=CHECKOUT,
            env={**os.environ, "PYTHONHASHSEED": seed},
            capture_output=True,
            text=True,
            check=True,
        ).stdout
        for seed in ("1", "2")
    }
    assert len(digests) == 1


def digest() -> str:
    """A hash over which combinations there are, and the templates of some of them."""
    rows = [one.row for one in combinations()]
    texts = [render(one.settings) for one in combinations()[::4]]
    return hashlib.sha256(repr((rows, texts)).encode()).hexdigest()


def _paths(data: object, above: KeyPath) -> Iterator[KeyPath]:
    yield above
    if isinstance(data, dict):
        for key, value in data.items():
            yield from _paths(value, (*above, key))
    elif isinstance(data, list):
        for value in data:
            yield from _paths(value, (*above, "[]"))


def _is_at(path: KeyPath, leaf: KeyPath) -> bool:
    """Whether a path of the overlays is that of a leaf, whose `<name>` stands for any."""
    return len(path) == len(leaf) and all(part in (key, "<name>") for key, part in zip(path, leaf, strict=True))

"""Any valid settings render, obey the house rules and give the same bytes; any damage to them is answered in place."""

import json
import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import yaml
from hypothesis import given
from hypothesis import strategies as st

from generator.config.environments import choose, judged, overlay
from generator.config.settings import Settings
from generator.config.source import SettingsError, parse
from generator.render import render
from tests.generator.config.any_settings import any_data, valid_data
from tests.generator.config.examples import examples
from tests.house_rules.rules import violations

LOCATED = re.compile(r"service\.yml:\d+:\d+: .+")
ROOT = Path(__file__).parents[3]
RENDER = """
import hashlib, json, sys
from generator.config.settings import Settings
from generator.render import render
for data in json.load(sys.stdin):
    print(hashlib.sha256(json.dumps(render(Settings.model_validate(data))).encode()).hexdigest())
"""
JUNK: st.SearchStrategy[Any] = (
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text(max_size=8)
    | st.just([])
    | st.just({})
    | st.just([{}])
)


@examples(12, 1000)
@given(valid_data())
def test_any_valid_settings_render_and_obey_the_house_rules(data: dict[str, Any]) -> None:
    settings = Settings.model_validate(data)
    assert violations(render(settings), settings, names=True) == []


@examples(1, 20)
@given(st.lists(valid_data(), min_size=6, max_size=6))
def test_the_same_settings_give_the_same_bytes_whatever_the_hash_seed(several: list[dict[str, Any]]) -> None:
    first, second = (_rendered(several, seed) for seed in ("1", "2"))
    assert first == second
    assert len(first) == len(several)


def _rendered(several: list[dict[str, Any]], seed: str) -> list[str]:
    command = [sys.executable, "-c", RENDER]
    environment = {**os.environ, "PYTHONHASHSEED": seed}
    done = subprocess.run(
        command, input=json.dumps(several), capture_output=True, text=True, check=True, cwd=ROOT, env=environment
    )
    return done.stdout.split()


@examples(60, 5000)
@given(any_data(), st.data())
def test_any_mutation_is_valid_or_answered_in_place(data: dict[str, Any], drawn: st.DataObject) -> None:
    """And what is valid renders."""
    base = {key: value for key, value in data.items() if key != "environment"}
    whole = {**base, "environments": {data["environment"]: {}}}
    for _ in range(drawn.draw(st.integers(0, 2))):
        whole = _mutated(whole, drawn)
    text = yaml.safe_dump(whole, allow_unicode=True)
    try:
        parsed = parse(text, "service.yml")
        settings, findings = judged(overlay(parsed, choose(parsed, "dev")))
    except SettingsError as error:
        said = list(map(str, error.problems))
    else:
        said = list(map(str, findings))
        assert render(settings)
    assert [line for line in said if not LOCATED.match(line)] == [], text


def _mutated(value: Any, drawn: st.DataObject) -> Any:
    """The same with one thing changed somewhere: replaced by junk, renamed, or left out."""
    if isinstance(value, dict) and value and drawn.draw(st.booleans()):
        key = drawn.draw(st.sampled_from(sorted(value)))
        rest = {name: item for name, item in value.items() if name != key}
        how = drawn.draw(st.sampled_from(["deeper", "deeper", "deeper", "renamed", "left out"]))
        if how == "left out":
            return rest
        if how == "renamed":
            return {**rest, drawn.draw(st.text(max_size=4) | st.just(f"{key}s")): value[key]}
        return {**value, key: _mutated(value[key], drawn)}
    return drawn.draw(JUNK)

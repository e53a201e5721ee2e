"""The schema that editors complete and check service.yml with."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml
from cfnlint.jsonschema import StandardValidator

from generator.config.leaves import leaves
from generator.config.schema import schema
from generator.config.settings import Settings

ROOT = Path(__file__).parents[3]


def wrong(text: str) -> list[str]:
    """What an editor would mark; keys are words to it, as YAML's numbers are to us."""
    data = json.loads(json.dumps(yaml.safe_load(text)))
    return [error.message for error in StandardValidator(schema()).iter_errors(data)]


def test_the_committed_schema_is_that_of_the_models() -> None:
    committed = json.loads((ROOT / "service.schema.json").read_text())
    assert committed == schema(), "run `make -B service.schema.json`"


def test_the_shipped_file_is_right_to_editors() -> None:
    assert wrong((ROOT / "service.yml").read_text()) == []


@pytest.mark.parametrize(
    "text",
    [
        "ownr: me",
        "service: {scheduler: {cpu: many}}",
        "service: {workerGroups: {heavy: {cpuu: 1}}}",
        "environments: {dev: {network: {mode: open}}}",
        "publicSubnet: {4: {}}",
    ],
)
def test_editors_mark_what_is_wrong(text: str) -> None:
    assert wrong(f"serviceName: air\nowner: data\n{text}\n")


def test_an_environment_may_say_a_part_of_anything() -> None:
    parts = "publicSubnet: {1: {availabilityZone: a}}, service: {workers: {autoscaling: {minCapacity: 2}}}"
    assert wrong(f"serviceName: air\nowner: data\nenvironments: {{dev: {{{parts}}}, prod: }}\n") == []


def test_every_key_is_explained_where_it_is_completed() -> None:
    whole = schema()
    assert [path for path, said in _keys(whole, whole["properties"], ()) if not _explained(whole, said)] == []


def test_every_leaf_says_what_a_change_does() -> None:
    whole = schema()
    for leaf in leaves(Settings):
        if leaf.dotted != "environment" and leaf.change:
            owner = whole["$defs"].get(leaf.owner.__name__, whole)["properties"]
            assert leaf.change.value in owner[leaf.path[-1]]["description"], leaf.dotted
            assert owner[leaf.path[-1]]["x-change"] == leaf.change.value


def _keys(whole: Any, properties: Any, above: tuple[str, ...]) -> Iterator[tuple[tuple[str, ...], Any]]:
    for key, said in properties.items():
        yield (*above, key), said
        if "$ref" in said and key != "environments":
            yield from _keys(whole, _definition(whole, said["$ref"])["properties"], (*above, key))


def _definition(whole: Any, reference: str) -> Any:
    return whole["$defs"][reference.rpartition("/")[2]]


def _explained(whole: Any, said: Any) -> bool:
    return bool(said.get("description") or ("$ref" in said and _definition(whole, said["$ref"]).get("description")))


def test_the_schema_asks_nothing_of_an_overlay() -> None:
    whole = schema()
    assert set(whole["required"]) == {"serviceName", "owner"}
    assert "required" not in whole["$defs"]["Overlay"]
    assert "serviceName" in whole["$defs"]["Overlay"]["properties"]
    assert "environment" not in whole["properties"]

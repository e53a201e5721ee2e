"""cfn-lint finds nothing in the templates of the whole matrix, in five regions of three partitions."""

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest
import yaml

from deployer.validation import lint
from generator.config.settings import Settings
from generator.render import render, write
from tests.matrix.options import everything_on
from tests.matrix.selection import combinations

REGIONS = ("us-east-1", "eu-central-1", "cn-north-1", "cn-northwest-1", "us-gov-west-1")
# What a template may tell cfn-lint to leave out, each for a property that must be there:
# a written minor version breaks after AWS's own upgrades (W3691; W3690 of a cluster), and the user of a restored
# cluster comes with the snapshot, so that its new password stands alone (E3021).
HUSHED = {"W3691": "EngineVersion", "W3690": "EngineVersion", "E3021": "SnapshotIdentifier"}


@pytest.fixture(scope="module")
def folders(tmp_path_factory: pytest.TempPathFactory) -> Sequence[Path]:
    """The rendered combinations, a folder each."""
    folder = tmp_path_factory.mktemp("matrix")
    every = {str(combination): combination.settings for combination in combinations()}
    every["everything"] = Settings.model_validate(everything_on())
    for name, settings in every.items():
        write(render(settings), folder / name)
    return [folder / name for name in every]


def test_every_template_lints_in_every_region(folders: Sequence[Path]) -> None:
    assert [str(finding) for finding in lint(folders, REGIONS)] == []


def test_no_more_is_hushed_than_what_is_meant(folders: Sequence[Path]) -> None:
    hushed = [(check, resource) for resource in _resources(folders) for check in _hushed(resource)]
    assert {check for check, _ in hushed} == set(HUSHED), "what is not hushed any more need not be allowed"
    for check, resource in hushed:
        value = resource["Properties"][HUSHED[check]]
        assert value.isdecimal() or HUSHED[check] != "EngineVersion", (check, value)


def _resources(folders: Sequence[Path]) -> Iterator[dict[str, Any]]:
    for file in (file for folder in folders for file in sorted(folder.iterdir())):
        template = yaml.load(file.read_text(encoding="utf-8"), Loader=yaml.CSafeLoader)
        assert "Metadata" not in template, f"{file} speaks for all that is in it"
        yield from template["Resources"].values()


def _hushed(resource: dict[str, Any]) -> Sequence[str]:
    said = resource.get("Metadata", {}).get("cfn-lint", {"config": {"ignore_checks": []}})
    return list(said["config"]["ignore_checks"])

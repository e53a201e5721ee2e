"""checkov finds nothing in the templates that they do not answer, each beside its resource, with a reason."""

from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import pytest
import yaml

from generator.config.environments import load
from generator.config.settings import Settings
from generator.render import render
from tests.checkov.checking import CHECKOUT, Place, Report, check, program, suppressions, without_suppressions
from tests.matrix.options import everything_on
from tests.matrix.selection import combinations

MOST_SUPPRESSED = 12  # distinct checks
REASON = 40  # characters; fewer say neither why nor which setting would do
OPEN_DATABASE = """Resources:
  Database:
    Type: AWS::RDS::DBInstance
    Properties: {DBInstanceClass: db.t4g.micro, Engine: postgres, PubliclyAccessible: true, StorageEncrypted: false}
"""


@dataclass(frozen=True)
class Checked:
    """Templates by folder, what the distinct ones suppress, and two reports of these: as they are, and without that."""

    rendered: Mapping[str, Mapping[str, str]]
    suppressed: Mapping[Place, str]
    report: Report
    bare: Report


@pytest.fixture(scope="module")
def checked(tmp_path_factory: pytest.TempPathFactory) -> Checked:
    rendered = dict(_rendered())
    texts = _distinct({f"{name}/{file}": text for name, every in rendered.items() for file, text in every.items()})
    suppressed = {place: why for file, text in texts.items() for place, why in suppressions(file, text).items()}
    bare = {file: without_suppressions(texts[file]) for file in {place.file for place in suppressed}}
    folders = [tmp_path_factory.mktemp(name) for name in ("rendered", "bare")]
    for folder, files in zip(folders, (texts, bare), strict=True):
        _write(folder, files)
    program()  # made once, before two ask for it
    with ThreadPoolExecutor(2) as both:
        return Checked(rendered, suppressed, *both.map(check, folders))


def test_no_check_fails(checked: Checked) -> None:
    assert sorted(checked.report.failed) == []
    assert checked.report.passed > 1000, "it has looked at next to nothing"


def test_a_template_that_breaks_a_check_is_found(tmp_path: Path) -> None:
    _write(tmp_path, {"database.yml": OPEN_DATABASE})
    found = {place.check for place in check(tmp_path).failed if place.resource == "Database"}
    assert {"CKV_AWS_16", "CKV_AWS_17"} <= found


def test_what_is_suppressed_has_a_reason_beside_it(checked: Checked) -> None:
    assert [(place, why) for place, why in checked.suppressed.items() if len(why) < REASON] == []


def test_few_checks_are_suppressed(checked: Checked) -> None:
    in_folder = {
        name: {place.check for file, text in texts.items() for place in suppressions(file, text)}
        for name, texts in checked.rendered.items()
    }
    shipped = set().union(*(checks for name, checks in in_folder.items() if not name.startswith("matrix")))
    assert len(shipped) <= MOST_SUPPRESSED
    assert {name: checks for name, checks in in_folder.items() if len(checks) > MOST_SUPPRESSED} == {}


def test_what_is_suppressed_would_fail(checked: Checked) -> None:
    assert sorted(checked.suppressed.keys() - checked.bare.failed) == []
    assert checked.suppressed.keys() == checked.report.skipped


def _rendered() -> Iterator[tuple[str, Mapping[str, str]]]:
    """The shipped environments, everything on, and the matrix."""
    file = CHECKOUT / "service.yml"
    for environment in yaml.safe_load(file.read_text(encoding="utf-8"))["environments"]:
        yield environment, render(load(file, environment))
    yield "everything", render(Settings.model_validate(everything_on()))
    for combination in combinations():
        yield f"matrix-{combination}", render(combination.settings)


def _distinct(texts: Mapping[str, str]) -> dict[str, str]:
    """Those that equal none before them."""
    first: dict[str, str] = {}
    for file, text in texts.items():
        first.setdefault(text, file)
    return {file: text for text, file in first.items()}


def _write(folder: Path, texts: Mapping[str, str]) -> None:
    for name, text in texts.items():
        file = folder / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text, encoding="utf-8")

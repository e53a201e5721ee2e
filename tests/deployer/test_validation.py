from __future__ import annotations

import json
import subprocess
from collections.abc import Sequence
from pathlib import Path

import pytest

from deployer.errors import DeployError
from deployer.validation import Finding, distinct, lint

PARENT = """Resources:
  Child:
    Type: AWS::CloudFormation::Stack
    Properties:
      TemplateURL: child.yml
"""
CHILD = """Resources:
  Queue:
    Type: AWS::SQS::Queue
    Properties:
      Nonsense: 1
"""


def _folder(folder: Path, **texts: str) -> Path:
    folder.mkdir()
    for name, text in texts.items():
        (folder / f"{name}.yml").write_text(text)
    return folder


def test_real_findings_have_a_place(tmp_path: Path) -> None:
    folder = _folder(tmp_path / "dev", root=PARENT, child=CHILD)

    findings = lint([folder], ["eu-west-1", "cn-north-1"])

    assert [(f.level, f.rule, f.file, f.line) for f in findings] == [("Error", "E3002", folder / "child.yml", 5)]
    assert str(findings[0]).startswith(f"{folder}/child.yml:5: error E3002: Additional properties are not allowed")


def test_a_finding_is_no_longer_than_what_is_read(tmp_path: Path) -> None:
    versions = ", ".join(f"'17.{number}'" for number in range(500))
    message = f"'99' is not one of [{versions}]"
    match = {
        "Level": "Error",
        "Rule": {"Id": "E3691"},
        "Filename": "root.yml",
        "Location": {"Start": {"LineNumber": 1}},
        "Message": message,
    }
    folder = _folder(tmp_path / "dev", root="Resources: {}")

    (found,) = lint([folder], [], lambda command: subprocess.CompletedProcess(command, 2, json.dumps([match]), ""))

    assert found.message.startswith("'99' is not one of ['17.0'")
    assert found.message.endswith(" ...")
    assert len(found.message) <= 300


def test_equal_templates_are_checked_once_unless_their_children_differ(tmp_path: Path) -> None:
    dev = _folder(tmp_path / "dev", root=PARENT, child=CHILD, other="Resources: {}")
    prod = _folder(tmp_path / "prod", root=PARENT, child=CHILD + "#", other="Resources: {}")
    same = _folder(tmp_path / "same", root=PARENT, child=CHILD, other="Resources: {}")

    assert distinct([dev, prod, same]) == (
        *(dev / name for name in ("child.yml", "other.yml", "root.yml")),
        *(prod / name for name in ("child.yml", "root.yml")),
    )


def test_regions_and_files_are_handed_over(tmp_path: Path) -> None:
    folder = _folder(tmp_path / "dev", root="Resources: {}")
    seen: list[Sequence[str]] = []

    def run(command: Sequence[str]) -> subprocess.CompletedProcess[str]:
        seen.append(command)
        return subprocess.CompletedProcess(command, 0, json.dumps([]), "")

    assert lint([folder], ["eu-west-1", "us-east-1"], run) == ()
    assert seen[0][-5:] == ["--regions", "eu-west-1", "us-east-1", "--template", str(folder / "root.yml")]


def test_many_files_are_dealt_out_each_to_one_linter(tmp_path: Path) -> None:
    texts = {f"template{number:02}": f"Resources: {number}" for number in range(40)}
    folder = _folder(tmp_path / "dev", root="Resources: {}", **texts)
    seen: list[Sequence[str]] = []

    def run(command: Sequence[str]) -> subprocess.CompletedProcess[str]:
        files = command[list(command).index("--template") + 1 :]
        seen.append(files)
        return subprocess.CompletedProcess(command, 2, json.dumps([_match(file, 1) for file in files]), "")

    found = lint([folder], ["x"], run)

    every = sorted(folder.iterdir())
    assert sorted(Path(file) for files in seen for file in files) == every
    assert [finding.file for finding in found] == every
    assert len(seen) <= 8


def test_a_linter_that_does_not_work_is_no_clean_result(tmp_path: Path) -> None:
    folder = _folder(tmp_path / "dev", root="Resources: {}")

    with pytest.raises(DeployError, match="cfn-lint failed with status 1: no such region"):
        lint([folder], ["x"], lambda command: subprocess.CompletedProcess(command, 1, "", "no such\nregion"))


def test_findings_are_in_order_of_file_and_line(tmp_path: Path) -> None:
    folder = _folder(tmp_path / "dev", root="Resources: {}")
    matches = [_match("b.yml", 1), _match("a.yml", 9), _match("a.yml", 2)]

    found = lint([folder], ["x"], lambda command: subprocess.CompletedProcess(command, 2, json.dumps(matches), ""))

    assert [(f.file.name, f.line) for f in found] == [("a.yml", 2), ("a.yml", 9), ("b.yml", 1)]
    assert found[0] == Finding("Warning", "W1", Path("a.yml"), 2, "what")


def _match(file: str, line: int) -> dict[str, object]:
    location = {"Start": {"LineNumber": line}}
    return {"Filename": file, "Level": "Warning", "Location": location, "Message": "what", "Rule": {"Id": "W1"}}

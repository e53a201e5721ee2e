"""permissions: printed as one document, or written as a file of each policy."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from deployer import cli
from deployer.errors import DONE, WRONG_USE

SERVICE = "serviceName: air\nowner: data\nenvironments: {dev: {}}\n"


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    (tmp_path / "service.yml").write_text(SERVICE)
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_one_document_on_stdout(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["permissions", "--environment", "dev"]) == DONE
    printed = capsys.readouterr()
    documents = json.loads(printed.out)
    assert {name.split("-")[2] for name in documents} == {"deploy", "push", "destroy"}
    assert f"{len(documents)} policies: make each a managed policy" in printed.err


def test_a_file_of_each(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["permissions", "--environment", "dev", "--out", "policies"]) == DONE
    written = sorted(path.name for path in (folder / "policies").iterdir())
    printed = capsys.readouterr()
    assert printed.out == ""
    assert all(name in printed.err for name in written)
    assert "air-dev-push.json" in written
    assert json.loads((folder / "policies" / "air-dev-push.json").read_text())["Version"] == "2012-10-17"


@pytest.mark.parametrize("variable", ["AWS_REGION", "AWS_DEFAULT_REGION", "AWS_CONFIG_FILE"])
def test_the_region_of_the_shell_or_the_profile(
    folder: Path, variable: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    (folder / "config").write_text("[default]\nregion = cn-north-1\n")
    monkeypatch.setenv(variable, "config" if variable == "AWS_CONFIG_FILE" else "cn-north-1")
    assert cli.main(["permissions", "--environment", "dev"]) == DONE
    assert '"arn:aws-cn:ec2:cn-north-1:*:*"' in capsys.readouterr().out


def test_without_a_region_the_partition_is_said(
    folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert cli.main(["permissions", "--environment", "dev"]) == DONE
    assert "no region is said: they are for partition aws;" in capsys.readouterr().err
    monkeypatch.setenv("AWS_REGION", "eu-west-1")
    assert cli.main(["permissions", "--environment", "dev"]) == DONE
    assert "partition" not in capsys.readouterr().err


def test_a_region_that_there_is_not(
    folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("AWS_REGION", "eu-wset-1")
    assert cli.main(["permissions", "--environment", "dev"]) == WRONG_USE
    assert "there is no region eu-wset-1; did you mean eu-west-1?" in capsys.readouterr().err


def test_environments_whose_names_begin_alike_are_said(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (folder / "service.yml").write_text(SERVICE.replace("{dev: {}}", "{dev: {}, dev-eu: {}, dev2: {}, prod: {}}"))
    assert cli.main(["permissions", "--environment", "dev"]) == DONE
    assert "names of dev-eu begin like those of dev: these policies reach there, too" in capsys.readouterr().err
    assert cli.main(["permissions", "--environment", "dev-eu"]) == DONE
    assert "begin like" not in capsys.readouterr().err


def test_old_policies_are_kept_until_a_change_is_through(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["permissions", "--environment", "dev"]) == DONE
    assert "keep the old ones attached beside the new until it is deployed" in capsys.readouterr().err


def test_a_folder_that_cannot_be_written(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (folder / "taken").write_text("")
    assert cli.main(["permissions", "--environment", "dev", "--out", "taken"]) != DONE
    assert "taken cannot be written: File exists; choose another with OUT=folder" in capsys.readouterr().err

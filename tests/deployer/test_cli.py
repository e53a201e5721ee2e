"""The command line: exit statuses, one clear line for what a user did wrong, and nothing left half done."""

import argparse
import io
import json
import re
import runpy
import subprocess
import sys
from pathlib import Path

import pytest

from deployer import cli
from deployer.errors import DONE, FAILED, WRONG_USE, Declined, DeployError

CHECKOUT = Path(__file__).parents[2]
SERVICE = "serviceName: air\nowner: data\nenvironments: {dev: {}, prod: {}}\n"


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with a small service.yml, in which nothing chooses an environment or an account."""
    (tmp_path / "service.yml").write_text(SERVICE)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setattr(sys, "stdin", io.StringIO())
    return tmp_path


def complaint(capsys: pytest.CaptureFixture[str]) -> str:
    printed = capsys.readouterr()
    assert printed.out == ""
    return printed.err.strip()


def test_render_writes_the_templates_of_the_environment(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["render", "--environment", "dev"]) == DONE
    assert (folder / "templates" / "dev" / "root.yml").exists()
    assert complaint(capsys) == "templates/dev: written"
    assert cli.main(["render", "--environment", "dev"]) == DONE
    assert complaint(capsys) == "templates/dev: as it should be"


def test_variables_choose_as_options_do(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (folder / "service.yml").rename(folder / "mine.yml")
    for name, value in {"ENVIRONMENT": "prod", "SETTINGS": "mine.yml", "OUT": "elsewhere"}.items():
        monkeypatch.setenv(name, value)
    assert cli.main(["render"]) == DONE
    assert (folder / "elsewhere" / "root.yml").exists()


def test_without_an_environment_those_defined_are_listed(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["render"]) == WRONG_USE
    assert complaint(capsys) == (
        "service.yml:3:1: environments: ENVIRONMENT is not set; defined here: dev, prod (export ENVIRONMENT=NAME)"
    )
    assert [path.name for path in folder.iterdir()] == ["service.yml"]


@pytest.mark.parametrize("verb", ["render", "validate", "deploy", "destroy", "outputs", "password"])
def test_wrong_settings_stop_every_verb_before_anything(
    folder: Path, capsys: pytest.CaptureFixture[str], verb: str
) -> None:
    (folder / "service.yml").write_text(SERVICE + "zzz: 1\nservice: {scheduler: {cpu: x}}\n")
    assert cli.main([verb, "--environment", "dev"]) == WRONG_USE
    lines = complaint(capsys).splitlines()
    assert [line.split(": ")[:2] for line in lines] == [
        ["service.yml:4:1", "zzz"],
        ["service.yml:5:23", "service.scheduler.cpu"],
    ]
    assert [path.name for path in folder.iterdir()] == ["service.yml"]


def test_a_folder_that_cannot_be_written_is_one_line(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["render", "--environment", "dev", "--out", "service.yml/templates"]) == FAILED
    line = complaint(capsys)
    assert line.startswith("service.yml/templates cannot be written: ")
    assert line.endswith("; choose another folder with OUT=dir")


def test_without_a_region_a_deploy_says_what_to_set(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["deploy", "--environment", "dev"]) == WRONG_USE
    assert "export AWS_REGION=" in complaint(capsys)


def test_without_credentials_a_deploy_says_how_to_get_some(
    folder: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AWS_REGION", "eu-west-1")
    assert cli.main(["deploy", "--environment", "dev"]) == FAILED
    said = complaint(capsys).splitlines()
    assert said[-1].startswith("no AWS credentials were found")
    assert [line.rpartition(" ")[2] for line in said[:-1]] == ["[nobody-may-enter]"]


def test_whoever_interrupts_the_start_reads_no_traceback(monkeypatch: pytest.MonkeyPatch) -> None:
    class Interrupting:
        @staticmethod
        def find_spec(name: str, *_: object) -> None:
            if name == "deployer.cli":
                raise KeyboardInterrupt

    monkeypatch.delitem(sys.modules, "deployer.cli")
    monkeypatch.setattr(sys, "meta_path", [Interrupting, *sys.meta_path])
    with pytest.raises(SystemExit, match="interrupted"):
        runpy.run_module("deployer", run_name="__main__")


def test_wrong_use_is_status_2(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit, match="2"):
        cli.main(["fly"])
    assert "invalid choice" in capsys.readouterr().err


def test_validate_finds_nothing_in_what_is_shipped(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(CHECKOUT)
    regions = ("us-east-1", "eu-central-1", "cn-north-1", "cn-northwest-1", "us-gov-west-1")
    words = [word for region in regions for word in ("--region", region)]
    assert cli.main(["validate", "--environment", "dev", *words]) == DONE
    printed = capsys.readouterr()
    assert printed.err.splitlines()[-1].endswith("; templates/dev: 0 findings")
    assert all(re.match(r"service\.yml:\d+:\d+: (warning|note): ", line) for line in printed.out.splitlines())


def test_validate_prints_what_it_finds_and_fails(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with (folder / "service.yml").open("a") as file:
        file.write("metadataDb: {instanceType: db.nothing.micro}\n")
    assert cli.main(["validate", "--environment", "dev"]) == FAILED
    assert "templates/dev/database.yml:" in capsys.readouterr().out


def test_the_schema_is_data_on_stdout(capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["schema"]) == DONE
    assert "serviceName" in json.loads(capsys.readouterr().out)["properties"]


def test_help_needs_neither_boto3_nor_troposphere() -> None:
    script = (
        "import sys; from deployer import cli\n"
        "try: cli.main(['--help'])\n"
        "except SystemExit: print(sorted({'boto3', 'troposphere', 'cfnlint'} & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", script], cwd=CHECKOUT, capture_output=True, text=True, check=True)
    assert done.stdout.splitlines()[-1] == "[]"


def test_init_writes_what_was_answered(
    folder: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    (folder / "service.yml").unlink()
    monkeypatch.setattr(sys, "stdin", io.StringIO("Not A Name\nair\n\neu-central-1\n192.0.2.7\nmedium\n"))
    assert cli.main(["init"]) == DONE
    said = complaint(capsys)
    assert said.count("Name of the service") == 2, "a wrong answer is asked for again"
    written = (folder / "service.yml").read_text()
    for line in (
        "serviceName: air",
        "owner: data-engineering",
        "region: eu-central-1",
        "192.0.2.7/32",
        "db.t4g.medium",
    ):
        assert line in written
    assert cli.main(["render", "--environment", "dev"]) == DONE


def test_init_overwrites_nothing_unasked(
    folder: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    assert cli.main(["init"]) == FAILED
    assert "is there already" in complaint(capsys)
    assert cli.main(["init", "--force"]) == Declined.exit_status
    assert "were not answered" in complaint(capsys)
    assert (folder / "service.yml").read_text() == SERVICE
    monkeypatch.setattr(sys, "stdin", io.StringIO("\n" * 5))
    assert cli.main(["init", "--force"]) == DONE
    assert (folder / "service.yml").read_text() != SERVICE


def test_cost_is_a_table_or_data(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["cost", "--environment", "dev", "--region", "eu-central-1"]) == DONE
    assert capsys.readouterr().out.startswith("dev in eu-central-1, $ a day")
    assert cli.main(["cost", "--environment", "dev", "--json"]) == DONE
    assert json.loads(capsys.readouterr().out)


def test_diagram_is_written_where_it_is_wanted(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["diagram", "--environment", "dev", "--out", "drawn.svg"]) == DONE
    assert (folder / "drawn.svg").read_text().startswith("<svg")
    assert cli.main(["diagram", "--environment", "dev", "--out", "service.yml/drawn.svg"]) == FAILED
    assert complaint(capsys).splitlines()[-1].endswith("choose another file with OUT=file.svg")


def test_the_drawing_in_the_readme_is_that_of_the_default(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.chdir(CHECKOUT)
    assert cli.main(["diagram", "--environment", "stage", "--out", str(tmp_path / "drawn.svg")]) == DONE
    assert (tmp_path / "drawn.svg").read_text() == (CHECKOUT / "docs" / "images" / "architecture.svg").read_text()


@pytest.mark.parametrize("verb", ["validate", "cost"])
def test_a_region_that_nobody_knows_is_answered_with_the_nearest(
    folder: Path, capsys: pytest.CaptureFixture[str], verb: str
) -> None:
    assert cli.main([verb, "--environment", "dev", "--region", "eu-centrl-1"]) == WRONG_USE
    assert complaint(capsys) == "there is no region eu-centrl-1; did you mean eu-central-1?"
    assert [path.name for path in folder.iterdir()] == ["service.yml"]
    for region in ("cn-northwest-1", "us-gov-west-1"):
        assert cli.main(["cost", "--environment", "dev", "--region", region]) == DONE


def test_init_replaces_the_page_that_nobody_has_touched(
    folder: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    (folder / "service.yml").write_bytes((CHECKOUT / "service.yml").read_bytes())
    monkeypatch.setattr(sys, "stdin", io.StringIO("mine\n\n\n\n\n"))
    assert cli.main(["init"]) == DONE
    assert "serviceName: mine" in (folder / "service.yml").read_text()
    capsys.readouterr()
    assert cli.main(["init"]) == FAILED
    assert "is there already" in complaint(capsys)


def test_a_mistyped_folder_loses_nothing(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (folder / "mine").mkdir()
    (folder / "mine" / "thesis.txt").write_text("years of work")
    assert cli.main(["render", "--environment", "dev", "--out", "mine"]) == FAILED
    assert "mine cannot be written: it holds thesis.txt, which was not rendered" in complaint(capsys)
    assert [path.name for path in (folder / "mine").iterdir()] == ["thesis.txt"]


def test_a_command_in_an_error_means_the_environment_and_the_settings_of_this_run(
    folder: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def lacking(_: argparse.Namespace) -> int:
        raise DeployError("there is nothing yet", "deploy first with `make airflow-deploy`")

    monkeypatch.setitem(cli.VERBS, "outputs", lacking)
    for more, said in (((), ""), (("--settings", "mine.yml"), " SETTINGS=mine.yml")):
        assert cli.main(["outputs", "--environment", "dev", *more]) == FAILED
        told = complaint(capsys)
        assert told == f"there is nothing yet; deploy first with `make airflow-deploy ENVIRONMENT=dev{said}`"

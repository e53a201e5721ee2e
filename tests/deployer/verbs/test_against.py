"""diff offline, against templates of earlier; and that a machine deploys no templates but those that were committed."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from deployer import cli
from deployer.errors import DONE, WRONG_USE, DeployError
from deployer.options import parser
from deployer.verbs import deploying
from deployer.verbs.offline import require_reviewed
from generator.config.environments import load
from tests.deployer.plans.test_revisions import run
from tests.deployer.scripted_clients import scripted
from tests.deployer.scripted_cloudformation import ScriptedCloudFormation
from tests.deployer.scripted_graphs import VirtualTime
from tests.deployer.verbs.test_diff import BASE, settings


@pytest.fixture
def checkout(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A repository whose main has a smaller service.yml with its templates than the disk."""
    monkeypatch.chdir(tmp_path)
    Path("service.yml").write_text(f"{BASE}environments: {{dev: {{}}, prod: {{}}}}\n")
    assert cli.main(["render", "--environment", "dev"]) == DONE
    run(tmp_path, "init", "--quiet", "--initial-branch=main")
    run(tmp_path, "add", ".")
    run(tmp_path, "commit", "--quiet", "--message=one")
    Path("service.yml").write_text(
        f"{BASE}metadataDb: {{instanceType: db.t4g.small}}\nenvironments: {{dev: {{}}, prod: {{}}}}\n"
    )
    return tmp_path


def offline(capsys: pytest.CaptureFixture[str], *words: str) -> str:
    capsys.readouterr()
    assert cli.main(["diff", "--environment", "dev", *words]) == DONE
    printed = capsys.readouterr()
    assert printed.err == ""
    return printed.out


def test_offline_against_a_revision(checkout: Path, capsys: pytest.CaptureFixture[str]) -> None:
    before = {path: path.read_bytes() for path in checkout.rglob("*.yml")}
    lines = offline(capsys, "--against", "main").splitlines()

    assert lines[0].startswith("air-dev, compared with main (")
    assert "       DBInstanceClass: db.t4g.micro -> db.t4g.small" in lines
    assert any(line.startswith("  Database and broker: ") for line in lines)
    assert lines[-1] == "0 to add, 1 to change, 0 to destroy"
    assert {path: path.read_bytes() for path in checkout.rglob("*.yml")} == before


def test_offline_as_markdown_and_as_data(checkout: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert offline(capsys, "--against", "main", "--markdown").startswith("### air-dev: 0 to add, 1 to change, 0 to des")
    data = json.loads(offline(capsys, "--against", "main", "--json"))
    assert data["summary"] == {"add": 0, "change": 1, "destroy": 0}
    assert data["costs"]["before"]["day"] < data["costs"]["after"]["day"]


def test_offline_against_folders(checkout: Path, capsys: pytest.CaptureFixture[str]) -> None:
    templates = json.loads(offline(capsys, "--against", "templates/dev", "--json"))
    whole = json.loads(offline(capsys, "--against", str(checkout), "--json"))

    assert templates["summary"] == whole["summary"] == {"add": 0, "change": 1, "destroy": 0}
    assert templates["costs"]["before"] is None, "nobody knows which settings these templates were made of"
    assert whole["costs"]["before"] == whole["costs"]["after"], "its service.yml is the one on the disk"


def test_offline_where_the_environment_was_not_yet(checkout: Path, capsys: pytest.CaptureFixture[str]) -> None:
    capsys.readouterr()
    assert cli.main(["diff", "--environment", "prod", "--against", "main", "--json"]) == DONE
    data = json.loads(capsys.readouterr().out)

    assert data["summary"]["change"] == data["summary"]["destroy"] == 0
    assert data["costs"]["before"]["day"] == [0, 0]
    assert data["notes"][0].startswith("there are no templates of prod in main")


def test_other_tags_are_on_everything(checkout: Path, capsys: pytest.CaptureFixture[str]) -> None:
    Path("service.yml").write_text("serviceName: air\nowner: other\nenvironments: {dev: {}}\n")
    assert "the stacks' tags change" in offline(capsys, "--against", "main")


def test_an_old_settings_file_that_is_not_understood_costs_no_more_than_the_bill(
    checkout: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    Path("service.yml").write_text(f"{BASE}zzz: 1\nenvironments: {{dev: {{}}}}\n")
    run(checkout, "commit", "--quiet", "--all", "--message=two")
    Path("service.yml").write_text(f"{BASE}environments: {{dev: {{}}}}\n")

    assert "before: not known (this version does not understand it)" in offline(capsys, "--against", "main")


def test_however_the_files_are_named_they_are_found_at_a_revision(
    checkout: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    words = ("--settings", str(checkout / "service.yml"), "--out", f"../{checkout.name}/templates/dev")
    data = json.loads(offline(capsys, "--against", "main", "--json", *words))

    assert data["summary"] == {"add": 0, "change": 1, "destroy": 0}
    assert data["costs"]["before"]["day"] < data["costs"]["after"]["day"]


def test_against_no_name_at_all(checkout: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """As in a pipeline in which a variable is empty: nobody wants to ask AWS then."""
    assert cli.main(["diff", "--environment", "dev", "--against", ""]) == WRONG_USE
    assert "--against names nothing" in capsys.readouterr().err


def test_a_resource_that_becomes_one_of_another_type_is_said_to_be_refused(
    checkout: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = Path("templates/dev/database.yml")
    file.write_text(file.read_text().replace("Type: AWS::RDS::DBInstance", "Type: AWS::SQS::Queue"))
    told = offline(capsys, "--against", "templates/dev")
    assert "Database/MetadataDatabase becomes a resource of another type, which CloudFormation refuses" in told


def test_against_nothing_that_there_is(checkout: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["diff", "--environment", "dev", "--against", "nowhere"]) == WRONG_USE
    assert "nowhere is neither a folder of templates nor a revision of git" in capsys.readouterr().err


# What may be deployed by a machine.


def parsed(*words: str) -> object:
    return parser(cli.VERBS, {}).parse_args(["deploy", "--environment", "dev", *words])


def test_with_ci_set_what_is_not_committed_is_not_deployed(checkout: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    wanted, options = load(Path("service.yml"), "dev"), parsed()
    require_reviewed(wanted, options)  # type: ignore[arg-type]

    monkeypatch.setenv("CI", "true")
    calls: dict[str, ScriptedCloudFormation] = {"cloudformation": ScriptedCloudFormation(VirtualTime())}
    before = (checkout / "templates/dev/database.yml").read_bytes()
    with pytest.raises(DeployError, match=r"templates/dev: what is committed differs .*: database\.yml"):
        deploying.bring(wanted, options, scripted(calls))  # type: ignore[arg-type]
    assert calls["cloudformation"].calls == []
    assert (checkout / "templates/dev/database.yml").read_bytes() == before

    assert cli.main(["render", "--environment", "dev"]) == DONE
    with pytest.raises(DeployError, match="what is committed differs"):
        require_reviewed(wanted, options)  # type: ignore[arg-type]
    run(checkout, "commit", "--quiet", "--all", "--message=two")
    require_reviewed(wanted, options)  # type: ignore[arg-type]


def test_what_runs_inside_this_machine_is_nobodys_to_review(checkout: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CI", "true")
    require_reviewed(settings(environment="local"), parsed())  # type: ignore[arg-type]

"""push-image: what it refuses, and what it says at the end."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from deployer import cli
from deployer.errors import WRONG_USE, DeployError, WrongUse
from deployer.images.engine import Engine
from deployer.locking.lock import held
from deployer.verbs import images as image_verbs
from deployer.verbs import rollback as rollback_verb
from tests.deployer.images.scripted import ScriptedProgram
from tests.deployer.pushing import BAD, GOOD, SCREEN, nobody, published, push, return_to, settings
from tests.deployer.scripted_cluster import Played
from tests.deployer.scripted_environment import BUCKET, OLDER, ROOT, Environment


def test_what_was_pushed_is_rolled_out_and_live_is_said() -> None:
    environment = Environment()
    reference = published(environment)
    told = push(environment)

    assert told.line == f"live: {reference}, release 2"
    assert (told.data["number"], told.data["state"], told.data["image"]) == (2, "live", reference)
    assert "facts" not in told.data
    assert environment.said == [
        "checking the DAGs",
        GOOD.summary,
        "building and pushing the image",
        f"{environment.target.repository}:{environment.releases()[0].tag} is there: nothing to build, nothing to push",
        f"rolling out release 2 of airflow-dev: {reference}",
        "waiting until the services are steady",
    ]


def test_it_builds_and_pushes_what_is_not_there() -> None:
    environment = Environment()
    program = ScriptedProgram(environment.repository.push)
    told = push(environment, run=program)

    assert told.line.startswith("live: ")
    assert [word for word in program.did if word in {"build", "push"}] == ["build", "push"]


def test_what_is_live_already_is_left_alone() -> None:
    environment = Environment()
    reference = published(environment)
    push(environment)
    before = len(environment.releases())
    told = push(environment)

    assert told.line == f"unchanged: {reference} is live already"
    assert told.data == {"image": reference, "state": "unchanged"}
    assert len(environment.releases()) == before


def test_a_root_that_has_the_image_while_services_do_not_is_no_success() -> None:
    environment = Environment()
    published(environment)
    push(environment)
    environment.cluster.services["worker"].rollout = "IN_PROGRESS"
    with pytest.raises(DeployError, match=r"has the image .* already, but not every service runs it yet; wait"):
        push(environment)


def test_dags_that_do_not_pass_stop_it_before_anything_is_built() -> None:
    environment = Environment()
    with pytest.raises(DeployError, match="the DAGs have errors: nothing was built, pushed or changed"):
        push(environment, BAD)
    assert "dags/a.py:7: error: No module named pandas" in environment.said


def test_before_the_first_deploy_it_only_pushes_or_says_what_to_do() -> None:
    environment = Environment(fresh=True)
    reference = published(environment)
    told = push(environment)
    assert told.line == f"pushed: {reference}; nothing is deployed yet that could run it: run `make airflow-deploy`"

    environment.cloud.stacks = {}
    with pytest.raises(DeployError, match="there is no stack airflow-dev-foundation in eu-west-1; deploy first"):
        push(environment)
    with pytest.raises(DeployError, match="there is no stack airflow-dev-foundation in eu-west-1; deploy first"):
        return_to(environment, 1)


def test_an_architecture_that_is_not_deployed_is_told() -> None:
    environment = Environment()
    environment.cluster.architecture = "ARM64"
    with pytest.raises(
        DeployError, match=r"service.architecture in service.yml is X86_64, but what is deployed wants ARM64"
    ):
        push(environment)


def test_an_image_by_reference_is_nothing_to_push() -> None:
    environment = Environment()
    named = settings()
    named = named.model_copy(update={"airflow": named.airflow.model_copy(update={"image": "mine@sha256:1"})})
    with pytest.raises(WrongUse, match=r"airflow.image in service.yml names a ready image, mine@sha256:1"):
        image_verbs.push(named, environment.tools, Engine(run=nobody), lambda _, __: GOOD, screen=SCREEN)
    assert environment.cloud.calls == []


def test_beside_somebody_at_work_nothing_is_built() -> None:
    environment = Environment()
    told = "somebody else is at work on this environment: deploy by arn:aws:sts"
    with held(environment.tools, BUCKET, "deploy"), pytest.raises(DeployError, match=told):
        push(environment)
    assert "checking the DAGs" not in environment.said


def test_a_stack_at_work_is_waited_for_before_anything_is_built() -> None:
    environment = Environment()
    environment.cloud._own(environment.cloud._get(ROOT), "UPDATE_IN_PROGRESS", environment.time.seconds)
    with pytest.raises(DeployError, match="another operation is at work on it; wait until it has ended"):
        push(environment)


@pytest.mark.parametrize("verb", ["push-image", "rollback"])
def test_the_environment_local_has_no_image(
    verb: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "service.yml").write_text("serviceName: air\nowner: data\nenvironments: {local: {}}\n")
    assert cli.main([verb, "--environment", "local"]) == WRONG_USE
    said = capsys.readouterr().err.splitlines()[-1]
    assert "its components run as processes of this checkout" in said
    assert 'make airflow-local ARGS="--docker"' in said


def test_a_push_of_an_older_airflow_is_refused_before_anything_rolls() -> None:
    environment = Environment()
    published(environment, OLDER)
    with pytest.raises(DeployError, match=r"the image content-.*: the database has migrated past it with release 1"):
        push(environment)
    assert len(environment.releases()) == 1


def test_a_false_alarm_of_the_check_is_passed_by_an_option() -> None:
    environment = Environment()
    published(environment)
    with pytest.raises(DeployError, match='if it is a false alarm, go on with ARGS="--skip-dag-check"'):
        push(environment, BAD)
    summary = image_verbs.push(settings(), environment.tools, Engine(run=nobody), None, screen=SCREEN)
    assert summary.line.startswith("live: ")
    assert "the DAGs are not checked (--skip-dag-check)" in environment.said


def test_a_push_after_a_deploy_with_other_parameters_and_settings_changes_the_image_alone() -> None:
    """No drift: what somebody has changed in service.yml since stays out."""
    environment = Environment()
    root = environment.cloud._get(ROOT)
    assert root.graph
    root.graph = replace(root.graph, parameters={"Image": None, "FernetSecretArn": None, "Count": "1"})
    root.values |= {"FernetSecretArn": "arn:mine", "Count": "7"}
    reference = published(environment)
    changed = settings().model_copy(update={"owner": "somebody else", "retain_data": False})
    tags = []
    create = environment.cloud.create_change_set

    def look(**asked: Any) -> Any:
        tags.append((asked.get("UsePreviousTemplate"), "Tags" in asked, "TemplateURL" in asked))
        return create(**asked)

    environment.cloud.create_change_set = look  # type: ignore[method-assign]
    image_verbs.push(changed, environment.tools, Engine(run=nobody), lambda _, __: GOOD, screen=SCREEN)

    assert environment.cloud._get(ROOT).values == {"Image": reference, "FernetSecretArn": "arn:mine", "Count": "7"}
    assert tags == [(True, False, False)]
    assert environment.releases()[0].settings == environment.releases()[1].settings


@pytest.mark.parametrize("nested", [True, False])
def test_push_and_rollback_plan_without_nested_stacks_when_told_so(nested: bool) -> None:
    environment = Environment()
    asked = []
    create = environment.cloud.create_change_set

    def look(**told: Any) -> Any:
        asked.append(told["IncludeNestedStacks"])
        return create(**told)

    environment.cloud.create_change_set = look  # type: ignore[method-assign]
    published(environment)
    image_verbs.push(settings(), environment.tools, Engine(run=nobody), None, screen=SCREEN, nested=nested)
    return_to(environment, 1, nested=nested)
    assert asked == [nested, nested]


def test_what_sleeps_is_not_called_live() -> None:
    environment = Environment(webserver=Played(desired=0, entrance=True), worker=Played(desired=0))
    reference = published(environment)
    summary = push(environment)
    assert summary.line == (
        f"rolled out, not proven (every service was at zero (service.hours)): {reference}, release 2"
    )
    assert summary.data["unproven"] == "every service was at zero (service.hours)"
    assert "live, not proven" in rollback_verb.listing(settings(), environment.tools)[0]

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from deployer.cloudformation.change_sets import ChangeSet, StackRequest, Template
from deployer.cloudformation.stack_updates import Outcome, deploy_stack
from deployer.errors import Declined, DeployError
from tests.deployer.scenes import Scene, drained
from tests.deployer.scripted_clients import RefusedError
from tests.deployer.scripted_cloudformation import Graph, Resource, nested


@pytest.mark.parametrize("there", ["nothing", "REVIEW_IN_PROGRESS", "CREATE_COMPLETE"])
@pytest.mark.parametrize("interrupted", [False, True])
def test_a_no_leaves_all_as_it_was(there: str, interrupted: bool) -> None:
    scene = Scene()
    if there != "nothing":
        scene.cloud.put("app", there, Graph() if there == "CREATE_COMPLETE" else None)
    scene.cloud.templates["body"] = Graph((Resource("Queue"),))

    def consent(_: ChangeSet) -> bool:
        if interrupted:
            raise KeyboardInterrupt
        return False

    request = StackRequest("app", Template(body="body"))
    with pytest.raises(KeyboardInterrupt if interrupted else Declined):
        drained(deploy_stack(scene.aws, request, consent, scene.time.clock()))

    assert scene.cloud.change_sets == {}
    assert scene.cloud.status("app") == ("CREATE_COMPLETE" if there == "CREATE_COMPLETE" else "nothing")


def test_a_review_left_over_is_no_obstacle() -> None:
    scene = Scene()
    scene.cloud.put("app", "REVIEW_IN_PROGRESS")

    told, result = scene.deploy_stack(Graph((Resource("Queue"),)))

    assert result.outcome is Outcome.CREATED
    assert [(e.path, e.status) for e in told] == [
        ("app", "CREATE_IN_PROGRESS"),
        ("app/Queue", "CREATE_IN_PROGRESS"),
        ("app/Queue", "CREATE_COMPLETE"),
        ("app", "CREATE_COMPLETE"),
    ]


@pytest.mark.parametrize(
    ("status", "hint"),
    [
        (
            "ROLLBACK_COMPLETE",
            "its first creation failed and was undone; `make airflow-deploy` removes it, after asking",
        ),
        ("ROLLBACK_FAILED", "make airflow-deploy"),
        ("CREATE_FAILED", "make airflow-deploy"),
        ("DELETE_FAILED", "finish that with `make airflow-destroy`"),
        ("UPDATE_ROLLBACK_FAILED", "`make airflow-deploy` shows what is stuck"),
        ("UPDATE_FAILED", "an update failed, and was not undone; `make airflow-deploy` undoes it, after asking"),
        ("IMPORT_ROLLBACK_FAILED", "no deploy can start from there; see with `make airflow-events` what has failed"),
        ("CREATE_IN_PROGRESS", "another operation is at work on it; wait until it has ended"),
        ("UPDATE_ROLLBACK_IN_PROGRESS", "wait until it has ended"),
        ("UPDATE_COMPLETE_CLEANUP_IN_PROGRESS", "wait until it has ended"),
        ("DELETE_IN_PROGRESS", "wait until it has ended"),
    ],
)
def test_a_state_no_deploy_can_start_from_is_told_with_the_way_out(status: str, hint: str) -> None:
    scene = Scene()
    scene.cloud.put("app", status, Graph())

    with pytest.raises(DeployError) as caught:
        scene.deploy_stack(Graph((Resource("Queue"),)))

    assert f"app is in {status}" in str(caught.value)
    assert hint in str(caught.value)
    assert scene.cloud.calls == ["DescribeStacks"]


@pytest.mark.parametrize("status", ["CREATE_COMPLETE", "UPDATE_COMPLETE", "UPDATE_ROLLBACK_COMPLETE"])
def test_from_these_states_an_update_starts(status: str) -> None:
    scene = Scene()
    scene.cloud.put("app", status, Graph())

    assert scene.deploy_stack(Graph((Resource("Queue"),)))[1].outcome is Outcome.UPDATED


def test_a_failed_creation_tells_its_first_cause() -> None:
    data = nested("Data", Resource("Database", "AWS::RDS::DBInstance", seconds=9, fails="class not offered"))

    with pytest.raises(DeployError) as caught:
        Scene().deploy_stack(Graph((data, Resource("Slow", seconds=99))))

    assert str(caught.value) == (
        "app was not created, it is in ROLLBACK_COMPLETE: "
        "app/Data/Database (AWS::RDS::DBInstance): CREATE_FAILED: class not offered;"
        " with that mended, `make airflow-deploy` removes app, after asking, and creates it again"
    )


def test_a_failed_update_tells_its_first_cause() -> None:
    scene = Scene()
    scene.cloud.put("app", "CREATE_COMPLETE", Graph((Resource("Queue"),)))

    with pytest.raises(
        DeployError, match=r"app was not updated, it is in UPDATE_ROLLBACK_COMPLETE: app/Queue .*: too big"
    ):
        scene.deploy_stack(Graph((Resource("Queue", fails="too big"),)))


PROTECTED = "Cannot delete protected DB Instance, please disable deletion protection and try again."


def test_what_an_update_could_not_delete_is_told_and_the_update_stands() -> None:
    scene = Scene()
    scene.cloud.put("app", "CREATE_COMPLETE", Graph((Resource("Database", "AWS::RDS::DBInstance"), Resource("Queue"))))
    scene.cloud.blocked = lambda physical_id: PROTECTED if physical_id == "app-database" else ""

    told, result = scene.deploy_stack(Graph((Resource("Queue", version=2),)))

    assert [e.status for e in told if e.logical_id == "Database"] == ["DELETE_IN_PROGRESS", "DELETE_FAILED"] * 3
    assert result.outcome is Outcome.UPDATED
    assert result.left == (
        "app: a resource could not be deleted, and is in no stack any more: delete it yourself: it goes on and costs, "
        "and neither a deploy nor `make airflow-destroy` knows of it",
        f"  app/Database (AWS::RDS::DBInstance, app-database): {PROTECTED}",
    )
    assert tuple(scene.said) == result.left, "at once, whatever comes after it"
    assert scene.deploy_stack(Graph((Resource("Queue", version=3),)))[1].left == ()


def interrupted_after(scene: Scene, reached: Callable[[], bool], error: BaseException) -> None:
    """Let the next wait after `reached` end in an error."""
    sleep = scene.time.sleep

    def sleeping(seconds: float) -> None:
        if reached():
            raise error
        sleep(seconds)

    scene.time.sleep = sleeping  # type: ignore[method-assign]
    scene.tools = replace(scene.tools, clock=scene.time.clock())


@pytest.mark.parametrize(
    ("before", "way"),
    [
        (None, "`make airflow-destroy` stops it and removes what is there"),
        (
            Graph((Resource("Old"),)),
            "`aws cloudformation cancel-update-stack --region eu-west-1 --stack-name app` stops it",
        ),
    ],
)
def test_interrupted_it_says_what_goes_on_how_to_watch_it_and_how_to_stop_it(before: Graph | None, way: str) -> None:
    scene = Scene()
    if before:
        scene.cloud.put("app", "CREATE_COMPLETE", before)
    interrupted_after(scene, lambda: scene.cloud.status("app").endswith("E_IN_PROGRESS"), KeyboardInterrupt())

    with pytest.raises(KeyboardInterrupt):
        scene.deploy_stack(Graph((Resource("Queue", seconds=60),)))

    assert scene.said[-1].startswith("CloudFormation goes on with app by itself; `make airflow-events ARGS=--follow`")
    assert "; `make airflow-deploy`, run again, finishes the deploy (" in scene.said[-1]
    assert way in scene.said[-1]
    assert scene.cloud.status("app").endswith("E_IN_PROGRESS"), "nothing was stopped"


def test_credentials_that_expire_midway_are_told_with_what_goes_on_and_the_next_run_takes_it_up() -> None:
    scene = Scene()
    asked = scene.cloud.describe_stack_events

    def expired(**_: object) -> dict[str, Any]:
        if scene.cloud.status("app") == "CREATE_IN_PROGRESS":
            raise RefusedError("ExpiredToken", "The security token included in the request is expired")
        return asked(scene.cloud._get("app").id)

    scene.cloud.describe_stack_events = expired  # type: ignore[method-assign, assignment]
    with pytest.raises(DeployError) as caught:
        scene.deploy_stack(Graph((Resource("Queue", seconds=60),)))
    assert caught.value.line == (
        "the AWS credentials have expired (DescribeStackEvents); CloudFormation goes on with app by itself"
    )
    assert "and run it again: that takes up what is there by then" in caught.value.hint

    scene.cloud.describe_stack_events = asked  # type: ignore[method-assign]
    told, stack = scene.settle()
    assert [(e.path, e.status) for e in told][-1] == ("app", "CREATE_COMPLETE")
    assert stack is not None
    assert scene.deploy_stack(Graph((Resource("Queue", seconds=60),)))[1].outcome is Outcome.UNCHANGED


def test_a_stack_that_vanishes_while_it_is_followed_is_told() -> None:
    scene = Scene()
    scene.cloud.put("app", "CREATE_COMPLETE", Graph())
    request = StackRequest("app", Template(body="body"))
    scene.cloud.templates["body"] = Graph((Resource("Queue", seconds=60),))
    following = deploy_stack(scene.aws, request, scene.consent, scene.tools.clock)
    next(following)
    scene.cloud.remove_by_hand("app")

    with pytest.raises(DeployError, match="app was removed by somebody while it was being updated; run it again"):
        drained(following)


def test_a_stack_that_nobody_knows_any_more_is_not_waited_for() -> None:
    scene = Scene()
    request = StackRequest("app", Template(body="body"))
    scene.cloud.templates["body"] = Graph((Resource("Queue", seconds=60),))
    execute = scene.cloud.execute_change_set

    def gone(**asked: Any) -> None:
        execute(**asked)
        scene.cloud.stacks.clear()

    scene.cloud.execute_change_set = gone  # type: ignore[method-assign, assignment]
    with pytest.raises(DeployError, match="app was removed by somebody while it was being created"):
        drained(deploy_stack(scene.aws, request, scene.consent, scene.tools.clock))
    assert scene.time.seconds < 60


def test_a_stack_that_vanishes_between_two_looks_is_told() -> None:
    scene = Scene()
    scene.cloud.put("app", "CREATE_COMPLETE", Graph())
    scene.cloud.templates["body"] = Graph((Resource("Queue"),))
    create = scene.cloud.create_change_set

    def late(**asked: Any) -> dict[str, Any]:
        scene.cloud.remove_by_hand("app")
        return create(**asked)

    scene.cloud.create_change_set = late  # type: ignore[method-assign]
    with pytest.raises(DeployError, match="app was removed by somebody just now; run it again"):
        scene.deploy_stack(Graph((Resource("Queue"),)))


@pytest.mark.parametrize("quicker", ["removes the change set", "begins an update"])
def test_who_was_quicker_while_somebody_was_asked_is_told(quicker: str) -> None:
    scene = Scene()
    scene.cloud.put("app", "CREATE_COMPLETE", Graph())
    scene.cloud.templates["body"] = Graph((Resource("Queue"),))

    def consent(change_set: ChangeSet) -> bool:
        if quicker == "removes the change set":
            scene.cloud.delete_change_set(change_set.id)
        else:
            scene.cloud.begin_update("app", Graph((Resource("Other"),)))
        return True

    with pytest.raises(DeployError, match="run it again: it begins with what is there by then"):
        drained(deploy_stack(scene.aws, StackRequest("app", Template(body="body")), consent, scene.tools.clock))
    assert scene.cloud.change_sets == {}


@pytest.mark.parametrize("events_late", [0, 7.0])
@pytest.mark.parametrize("stacks_late", [0, 7.0])
@pytest.mark.parametrize("change_sets_late", [0, 7.0])
def test_answers_that_agree_only_in_the_end_do_no_harm(
    events_late: float, stacks_late: float, change_sets_late: float
) -> None:
    scene = Scene()
    cloud = scene.cloud
    cloud.lag, cloud.status_lag, cloud.change_set_lag = events_late, stacks_late, change_sets_late

    told, result = scene.deploy_stack(Graph((nested("Inner", Resource("Queue", seconds=5)),)))

    assert result.outcome is Outcome.CREATED
    assert (told[-1].path, told[-1].status) == ("app", "CREATE_COMPLETE")
    assert scene.deploy_stack(Graph((nested("Inner", Resource("Queue", seconds=6)),)))[1].outcome is Outcome.UPDATED


def test_termination_protection_is_in_no_updates_way() -> None:
    scene = Scene()
    scene.cloud.put("app", "CREATE_COMPLETE", Graph()).protected = True

    assert scene.deploy_stack(Graph((Resource("Queue"),)))[1].outcome is Outcome.UPDATED


def test_what_is_there_to_the_letter_needs_no_change_set() -> None:
    scene = Scene()
    scene.deploy_stack(Graph((Resource("Queue"),)))
    scene.cloud.calls.clear()

    assert scene.deploy_stack(Graph((Resource("Queue"),)))[1].outcome is Outcome.UNCHANGED
    assert scene.cloud.calls == ["DescribeStacks", "GetTemplate"]

    body = next(iter(scene.cloud.templates))
    request = StackRequest("app", Template(body=body), tags={"owner": "ada"})
    drained(deploy_stack(scene.aws, request, scene.consent, scene.tools.clock))
    assert "CreateChangeSet" in scene.cloud.calls, "other tags are a change"

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from deployer.cloudformation.stack_updates import Outcome
from deployer.consent import Question
from deployer.errors import Declined, DeployError
from tests.deployer.scenes import Scene
from tests.deployer.scripted_cloudformation import Graph, Resource, nested

SERVICES = nested("Services", Resource("Worker", "AWS::ECS::Service", stuck="no capacity"))
OLD = Graph((SERVICES, Resource("Queue")))
BROKEN = Graph(
    (nested("Services", replace(SERVICES.child.resources[0], version=2)), Resource("Queue", fails="too big"))  # type: ignore[union-attr]
)


@pytest.mark.parametrize("status", ["CREATE_COMPLETE", "UPDATE_ROLLBACK_COMPLETE", "REVIEW_IN_PROGRESS"])
def test_what_is_ready_is_left_alone(status: str) -> None:
    scene = Scene()
    scene.cloud.put("app", status, Graph())

    told, stack = scene.settle()

    assert stack is not None
    assert (told, stack.status, scene.questions) == ([], status, [])
    assert scene.cloud.calls == ["DescribeStacks"]


def test_what_is_not_there_is_yet_to_be_created() -> None:
    assert Scene().settle() == ([], None)


def test_what_somebody_else_does_is_watched_until_it_rests() -> None:
    scene = Scene()
    scene.cloud.put("app", "CREATE_COMPLETE", Graph((Resource("Queue"),)))
    scene.cloud.begin_update("app", Graph((Resource("Queue", version=2, seconds=90),)))
    scene.time.sleep(30)

    told, stack = scene.settle()

    assert [(e.path, e.status) for e in told] == [
        ("app", "UPDATE_IN_PROGRESS"),
        ("app/Queue", "UPDATE_IN_PROGRESS"),
        ("app/Queue", "UPDATE_COMPLETE"),
        ("app", "UPDATE_COMPLETE_CLEANUP_IN_PROGRESS"),
        ("app", "UPDATE_COMPLETE"),
    ]
    assert stack is not None
    assert stack.status == "UPDATE_COMPLETE"
    assert scene.said == [
        "app is in UPDATE_IN_PROGRESS: an operation is at work on it, and is watched until it has ended",
        "the operation on app has ended in UPDATE_COMPLETE: it was well done",
    ]
    assert scene.questions == []


def test_of_what_failed_meanwhile_the_cause_is_told_and_the_deploy_goes_on() -> None:
    scene = Scene()
    scene.cloud.put("app", "CREATE_COMPLETE", Graph((Resource("Queue"),)))
    scene.cloud.begin_update("app", Graph((Resource("Queue", version=2, fails="too big"),)))
    scene.time.sleep(1)

    _, stack = scene.settle()

    assert stack is not None
    assert stack.status == "UPDATE_ROLLBACK_COMPLETE"
    assert "too big" in scene.said[-1]
    assert scene.deploy_stack(Graph((Resource("Queue", version=3),)))[1].outcome is Outcome.UPDATED


def test_a_removal_that_is_under_way_ends_in_nothing() -> None:
    scene = Scene()
    stack = scene.cloud.put("app", "CREATE_COMPLETE", Graph((Resource("Queue"),)))
    scene.cloud.delete_stack(stack.id)

    assert scene.settle()[1] is None


def test_watching_interrupted_says_what_goes_on() -> None:
    scene = Scene()
    scene.cloud.put("app", "CREATE_COMPLETE", Graph((Resource("Queue"),)))
    scene.cloud.begin_update("app", Graph((Resource("Queue", version=2, seconds=90),)))

    def interrupt(_: float) -> None:
        raise KeyboardInterrupt

    scene.tools = replace(scene.tools, clock=replace(scene.tools.clock, sleep=interrupt))
    with pytest.raises(KeyboardInterrupt):
        scene.settle()
    assert scene.said[-1].startswith("CloudFormation goes on with app by itself; `make airflow-events ARGS=--follow`")


@pytest.mark.parametrize("status", ["ROLLBACK_COMPLETE", "ROLLBACK_FAILED", "CREATE_FAILED"])
def test_a_stack_that_never_was_is_removed_once_somebody_agrees_and_created_again(status: str) -> None:
    scene = Scene()
    other = scene.cloud.put("app-foundation", "CREATE_COMPLETE", Graph((Resource("Bucket"),)))
    broken = scene.cloud.put("app", status, Graph((Resource("Queue"), Resource("Kept", policy="Retain"))))

    told, stack = scene.settle()

    assert stack is None
    assert [(e.path, e.status) for e in told][-1] == ("app", "DELETE_COMPLETE")
    assert ("app/Kept", "DELETE_SKIPPED") in [(e.path, e.status) for e in told], "what is retained is not harmed"
    assert [(each.text, each.option) for each in scene.questions] == [("Remove app and create it again?", "--recreate")]
    assert f"app is in {status}: its first creation has failed" in scene.questions[0].shown
    assert scene.cloud.status(other.id) == "CREATE_COMPLETE"
    assert scene.cloud.status(broken.id) == "DELETE_COMPLETE"
    assert scene.deploy_stack(Graph((Resource("Queue"),)))[1].outcome is Outcome.CREATED


def test_declined_it_is_left_as_it_is() -> None:
    scene = Scene()
    scene.agrees = False
    scene.cloud.put("app", "ROLLBACK_COMPLETE", Graph())

    with pytest.raises(Declined, match="app was left as it is, in ROLLBACK_COMPLETE"):
        scene.settle()
    assert scene.cloud.status("app") == "ROLLBACK_COMPLETE"


def test_with_termination_protection_it_is_not_even_asked() -> None:
    scene = Scene()
    scene.cloud.put("app", "ROLLBACK_COMPLETE", Graph()).protected = True

    with pytest.raises(
        DeployError, match=r"its termination protection is on; lift it with `aws cloudformation update-"
    ):
        scene.settle()
    assert scene.questions == []


def test_what_holds_the_rest_of_a_creation_that_could_not_be_undone_is_told() -> None:
    scene = Scene()
    reason = "has a dependent object"
    scene.cloud.blocked = lambda physical_id: reason if physical_id == "app-group" else ""
    with pytest.raises(DeployError, match="app was not created, it is in ROLLBACK_FAILED"):
        scene.deploy_stack(Graph((Resource("Group"), Resource("Queue", fails="too big"))))

    with pytest.raises(DeployError) as caught:
        scene.settle()
    assert caught.value.line.startswith("app was not removed, it is in DELETE_FAILED")
    assert reason in caught.value.line
    assert "make airflow-destroy" in caught.value.hint

    with pytest.raises(DeployError) as again:  # by now it is in DELETE_FAILED
        scene.settle()
    assert (again.value.line, again.value.hint) == (caught.value.line, caught.value.hint)
    assert len(scene.questions) == 1

    scene.cloud.blocked = lambda _: ""
    scene.cloud.delete_stack(scene.cloud._get("app").id)
    assert scene.settle()[1] is None


def stuck() -> Scene:
    """A root with an update that failed, and with a rollback that is stuck in what is nested in it."""
    scene = Scene()
    scene.cloud.put("app", "CREATE_COMPLETE", OLD)
    with pytest.raises(DeployError, match="UPDATE_ROLLBACK_FAILED"):
        scene.deploy_stack(BROKEN)
    return scene


def test_a_stuck_rollback_goes_on_without_what_it_is_stuck_on() -> None:
    scene = stuck()

    told, stack = scene.settle()

    assert [(each.option, each.shown.splitlines()) for each in scene.questions] == [
        (
            "--continue-rollback",
            [
                "app is in UPDATE_ROLLBACK_FAILED: a failed update could not be undone. It is stuck on",
                "  app/Services/Worker (AWS::ECS::Service): no capacity",
            ],
        )
    ]
    assert stack is not None
    assert stack.status == "UPDATE_ROLLBACK_COMPLETE"
    assert scene.cloud.calls.count("ContinueUpdateRollback") == 2, "first as it is, then without"
    assert "app/Services/Worker" in scene.said[-1]
    assert [e.status for e in told if e.own and e.path == "app"] == [
        *("UPDATE_ROLLBACK_IN_PROGRESS", "UPDATE_ROLLBACK_FAILED"),
        *("UPDATE_ROLLBACK_IN_PROGRESS", "UPDATE_ROLLBACK_COMPLETE"),
    ]
    assert scene.deploy_stack(Graph((SERVICES, Resource("Queue", version=3))))[1].outcome is Outcome.UPDATED


def stopped(**resource: Any) -> Scene:
    """A root with an update that failed, and was made to stop there."""
    scene = Scene()
    scene.cloud.stops_at_failure = True
    scene.cloud.put("app", "CREATE_COMPLETE", Graph((nested("Data", Resource("Queue")), Resource("Other"))))
    queue = Resource("Queue", version=2, fails="too big", **resource)
    scene.cloud.begin_update("app", Graph((nested("Data", queue), Resource("Other", version=2))))
    scene.time.sleep(60)
    assert (scene.cloud.status("app"), scene.cloud.status("app-Data")) == ("UPDATE_FAILED", "UPDATE_FAILED")
    return scene


def test_an_update_that_stopped_where_it_failed_is_undone_once_somebody_agrees() -> None:
    scene = stopped()

    told, stack = scene.settle()

    assert [(each.option, each.shown.splitlines()) for each in scene.questions] == [
        (
            "--continue-rollback",
            [
                "app is in UPDATE_FAILED: an update failed, and was made to stop there. It has to be undone",
                "before another one can begin; what it has changed goes back to what was before.",
                "  app/Data/Queue (AWS::SQS::Queue): UPDATE_FAILED: too big",
            ],
        )
    ]
    assert stack is not None
    assert stack.status == "UPDATE_ROLLBACK_COMPLETE"
    assert [e.status for e in told if e.own and e.path == "app"] == [
        "UPDATE_ROLLBACK_IN_PROGRESS",
        "UPDATE_ROLLBACK_COMPLETE",
    ]
    assert scene.cloud.calls.count("RollbackStack") == 1
    assert scene.deploy_stack(Graph((Resource("Queue", version=3),)))[1].outcome is Outcome.UPDATED


def test_without_consent_such_an_update_stays_as_it_is() -> None:
    scene = stopped()
    scene.agrees = False

    with pytest.raises(Declined, match="app was left as it is, in UPDATE_FAILED"):
        scene.settle()
    assert "RollbackStack" not in scene.cloud.calls
    assert scene.cloud.status("app") == "UPDATE_FAILED"


def test_where_undoing_such_an_update_gets_stuck_it_goes_on_without_what_is_stuck() -> None:
    scene = stopped(stuck="no capacity")

    _, stack = scene.settle()

    assert stack is not None
    assert stack.status == "UPDATE_ROLLBACK_COMPLETE"
    assert ["It is stuck on" in each.shown for each in scene.questions] == [False, True]


def test_an_update_of_somebody_else_that_stops_where_it_fails_is_watched_and_then_undone() -> None:
    scene = Scene()
    scene.cloud.stops_at_failure = True
    scene.cloud.put("app", "CREATE_COMPLETE", Graph((Resource("Queue"),)))
    scene.cloud.begin_update("app", Graph((Resource("Queue", version=2, fails="too big"),)))
    scene.time.sleep(1)

    _, stack = scene.settle()

    assert stack is not None
    assert stack.status == "UPDATE_ROLLBACK_COMPLETE"
    assert "has ended in UPDATE_FAILED" in scene.said[1]
    assert len(scene.questions) == 1


def test_what_somebody_elses_update_could_not_delete_is_told() -> None:
    scene = Scene()
    scene.cloud.put("app", "CREATE_COMPLETE", Graph((Resource("Bucket"), Resource("Queue"))))
    scene.cloud.blocked = lambda physical_id: "it is not empty" if physical_id == "app-bucket" else ""
    scene.cloud.begin_update("app", Graph((Resource("Queue", version=2),)))
    scene.time.sleep(1)

    scene.settle()

    assert "  app/Bucket (AWS::SQS::Queue, app-bucket): it is not empty" in scene.said


def test_what_is_mended_by_now_is_not_left_out() -> None:
    scene = stuck()
    scene.cloud.mended = {"Worker"}

    scene.settle()

    assert scene.cloud.calls.count("ContinueUpdateRollback") == 1
    assert scene.said == []


def test_nothing_is_left_out_that_nobody_was_shown() -> None:
    old, database = Resource("Old", stuck="no capacity"), Resource("Database", stuck="storage full")
    scene = Scene()
    scene.cloud.put("app", "CREATE_COMPLETE", Graph((old, database, Resource("Queue"))))
    scene.cloud.mended = {"Database"}
    failing = (replace(old, version=2), replace(database, version=2), Resource("Queue", fails="too big"))
    with pytest.raises(DeployError, match="UPDATE_ROLLBACK_FAILED"):
        scene.deploy_stack(Graph(failing))
    go_on, skipped = scene.cloud.continue_update_rollback, list[list[str]]()

    def meanwhile(**asked: Any) -> None:
        skipped.append(asked.get("ResourcesToSkip", []))
        scene.cloud.mended = {"Old"}
        go_on(**asked)

    scene.cloud.continue_update_rollback = meanwhile  # type: ignore[method-assign, assignment]
    scene.settle()

    assert [each.shown.splitlines()[1:] for each in scene.questions] == [
        ["  app/Old (AWS::SQS::Queue): no capacity"],
        ["  app/Database (AWS::SQS::Queue): storage full"],
    ]
    assert skipped == [[], ["Database"]]


@pytest.mark.parametrize("status", ["UPDATE_ROLLBACK_FAILED", "DELETE_FAILED"])
def test_what_happened_so_long_ago_that_nobody_knows_of_it_is_not_waited_for(status: str) -> None:
    """CloudFormation keeps the events of ninety days."""
    scene = Scene()
    scene.agrees = False
    scene.cloud.put("app", status, Graph((Resource("Queue"),)))
    scene.cloud.describe_stack_events = lambda **_: {"StackEvents": []}  # type: ignore[method-assign]
    before = scene.time.seconds

    with pytest.raises(DeployError, match=f"app .* in {status}"):
        scene.settle()
    assert scene.time.seconds == before


def test_without_consent_a_stuck_rollback_stays() -> None:
    scene = stuck()
    scene.agrees = False

    with pytest.raises(Declined, match="app was left as it is, in UPDATE_ROLLBACK_FAILED"):
        scene.settle()
    assert "ContinueUpdateRollback" not in scene.cloud.calls


def test_a_rollback_that_ends_nowhere_is_told() -> None:
    scene = Scene()
    scene.cloud.put("app", "CREATE_COMPLETE", Graph((Resource("Queue"),)))
    scene.cloud.rollback_fails = True
    with pytest.raises(DeployError):
        scene.deploy_stack(Graph((Resource("Queue", version=2, fails="x"),)))

    with pytest.raises(DeployError, match="app was not rolled back, it is in UPDATE_ROLLBACK_FAILED"):
        scene.settle()
    assert "nothing that it names" in scene.questions[0].shown


def test_a_nested_stack_that_was_removed_by_hand_is_left_out_of_the_rollback_by_its_own_name() -> None:
    scene = Scene()
    scene.cloud.put("app", "CREATE_COMPLETE", OLD)
    scene.cloud.remove_by_hand("app-Services")
    scene.cloud.begin_update("app", BROKEN)
    scene.time.sleep(1)

    _, stack = scene.settle()

    assert stack is not None
    assert stack.status == "UPDATE_ROLLBACK_COMPLETE"
    assert "app/Services (AWS::CloudFormation::Stack): Stack [" in scene.questions[0].shown


def test_it_does_not_wait_for_others_for_ever() -> None:
    scene = Scene()
    scene.cloud.put("app", "CREATE_COMPLETE", Graph((Resource("Queue"),)))
    scene.cloud.put("app", "ROLLBACK_COMPLETE", Graph())
    ask = scene.ask

    def agree(question: Question) -> bool:
        scene.cloud.put("app", "ROLLBACK_COMPLETE", Graph())
        return ask(question)

    scene.ask = agree  # type: ignore[method-assign]
    scene.cloud.stacks = {key: each for key, each in scene.cloud.stacks.items() if "ROLLBACK" in str(each.events)}
    with pytest.raises(DeployError, match="app does not come to rest"):
        scene.settle()

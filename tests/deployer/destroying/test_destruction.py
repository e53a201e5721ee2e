from __future__ import annotations

import pytest
from botocore.exceptions import ClientError

from deployer.cloudformation.stacks import name_of
from deployer.cloudformation.template_text import Fate
from deployer.destroying import destruction, removals
from deployer.destroying.removals import Removal
from deployer.errors import Declined, DeployError
from tests.deployer.scenes import drained
from tests.deployer.scripted_cloudformation import Graph, Resource, nested
from tests.deployer.scripted_removal import (
    FOUNDATION,
    FOUNDATION_GRAPH,
    IMAGES,
    KEPT,
    LOGS,
    NAMES,
    ROOT,
    ROOT_GRAPH,
    TEMPLATES,
    Scene,
)


def test_all_that_goes_and_all_that_stays_is_listed() -> None:
    removal = removals.survey(Scene().stand().aws, NAMES)

    assert [stack.name for stack in removal.stacks] == [ROOT, FOUNDATION]
    assert [(each.path, each.fate) for each in removal.goes] == [
        ("airflow-dev/Storage/Logs", Fate.GOES),
        ("airflow-dev/Data/Database", Fate.SNAPSHOT),
        ("airflow-dev-foundation/Templates", Fate.GOES),
        ("airflow-dev-foundation/Images", Fate.GOES),
    ]
    assert [each.physical_id for each in removal.stays] == [KEPT]
    assert [(each.resource.physical_id, str(each)) for each in removal.contents] == [
        (LOGS, "2 object versions"),
        (KEPT, "2 object versions"),
        (TEMPLATES, "3 object versions"),
        (IMAGES, "1 image"),
    ]
    assert [each.resource.physical_id for each in removal.data] == [LOGS, IMAGES]
    assert [each.path for each in removal.left] == ["airflow-dev/Data/Database"]


def test_both_stacks_go_the_foundation_last_and_what_is_retained_stays_full() -> None:
    scene = Scene().stand()

    told, removal = scene.destroy()

    assert [e.stack for e in told if e.own and e.status == "DELETE_COMPLETE" and "/" not in e.stack] == [
        ROOT,
        FOUNDATION,
    ]
    assert "airflow-dev/Data/Database" in {e.path for e in told}
    assert scene.cloud.status(ROOT) == scene.cloud.status(FOUNDATION) == "nothing"
    assert {bucket: len(held) for bucket, held in scene.s3.buckets.items()} == {LOGS: 0, KEPT: 2, TEMPLATES: 0}
    assert scene.asked == [removal]


def test_nothing_there_is_fine_and_nobody_is_asked() -> None:
    scene = Scene()

    told, removal = scene.destroy()

    assert (told, removal, scene.asked) == ([], Removal(()), [])


def test_a_no_leaves_all_as_it_was() -> None:
    scene = Scene().stand()

    with pytest.raises(Declined):
        drained(destruction.destroy(scene.tools, NAMES, lambda _: False))
    assert scene.cloud.status(ROOT) == scene.cloud.status(FOUNDATION) == "CREATE_COMPLETE"
    assert all(scene.s3.buckets.values())


@pytest.mark.parametrize("seconds", [1, 10, 30, 60])
def test_interrupted_it_can_be_run_again(seconds: float) -> None:
    scene = Scene().stand()
    interrupted = destruction.destroy(scene.tools, NAMES, scene.consent)
    while scene.time.seconds < 20 + seconds:
        if next(interrupted, None) is None:
            break
    interrupted.close()

    scene.destroy()

    assert scene.cloud.status(ROOT) == scene.cloud.status(FOUNDATION) == "nothing"


def test_interrupted_it_says_what_goes_on() -> None:
    scene = Scene().stand()
    running = destruction.destroy(scene.tools, NAMES, scene.consent)
    next(running)

    with pytest.raises(KeyboardInterrupt):
        running.throw(KeyboardInterrupt)

    assert "CloudFormation goes on with airflow-dev by itself" in scene.said[-1]
    assert scene.said[-1].endswith("run this again for what is left")
    assert scene.s3.bodies(TEMPLATES).keys() == {"templates/1.yml", "releases/000001.json", "deployed.json"}


def test_a_removal_that_runs_already_is_watched_and_not_begun_again() -> None:
    scene = Scene().stand()
    scene.s3.buckets[LOGS].clear()
    scene.cloud.delete_stack(ROOT)
    scene.time.sleep(2)
    deleted: list[str] = []
    delete = scene.cloud.delete_stack

    def noted(StackName: str, **rest: object) -> None:  # noqa: N803
        deleted.append(name_of(StackName))
        delete(StackName, **rest)

    scene.cloud.delete_stack = noted  # type: ignore[method-assign]
    told, _ = scene.destroy()

    assert set(deleted) == {FOUNDATION}
    assert (told[0].path, told[0].status) == (ROOT, "DELETE_IN_PROGRESS")


def test_only_the_foundation_is_left() -> None:
    scene = Scene()
    scene.cloud.put(FOUNDATION, "CREATE_COMPLETE", FOUNDATION_GRAPH)

    assert [stack.name for stack in scene.destroy()[1].stacks] == [FOUNDATION]
    assert scene.cloud.status(FOUNDATION) == "nothing"


@pytest.mark.parametrize("stack", [ROOT, FOUNDATION])
def test_what_nobody_may_delete_keeps_its_data(stack: str) -> None:
    scene = Scene().stand()
    before = scene.s3.bodies(TEMPLATES)
    scene.refuse_to_delete(stack)

    with pytest.raises(ClientError, match="DeleteStack"):
        scene.destroy()
    assert {bucket for bucket, _ in scene.s3.deleted} == ({LOGS} if stack == FOUNDATION else set())
    assert scene.s3.bodies(TEMPLATES) == before
    assert scene.ecr.repositories[IMAGES]


def test_a_bucket_that_cannot_be_emptied_is_told_at_once() -> None:
    scene = Scene().stand()
    scene.s3.locked.add("one")

    with pytest.raises(DeployError, match=f"bucket {LOGS}: 1 objects could not be deleted"):
        scene.destroy()
    assert scene.cloud.calls.count("DeleteStack") == 1
    assert "CloudFormation goes on with airflow-dev by itself" in scene.said[-1]


def test_what_has_filled_since_consent_was_given_to_no_data_stops_it() -> None:
    scene = Scene().stand()
    scene.s3.buckets[LOGS].clear()
    scene.ecr.repositories[IMAGES] = []
    agreed = scene.consent

    def consent(removal: Removal) -> bool:
        scene.s3.fill(LOGS, "late.log")
        return agreed(removal)

    scene.consent = consent  # type: ignore[method-assign]
    with pytest.raises(Declined, match=r"airflow-dev/Storage/Logs \(1 object version\); .*--empty-buckets"):
        scene.destroy(spare_data=True)
    assert list(scene.s3.bodies(LOGS)) == ["late.log"]

    scene.consent = agreed  # type: ignore[method-assign]
    scene.destroy()
    assert scene.cloud.status(ROOT) == scene.cloud.status(FOUNDATION) == "nothing"


def test_without_data_consent_to_none_is_enough() -> None:
    scene = Scene().stand()
    scene.s3.buckets[LOGS].clear()
    scene.ecr.repositories[IMAGES] = []

    scene.destroy(spare_data=True)

    assert scene.cloud.status(ROOT) == scene.cloud.status(FOUNDATION) == "nothing"
    assert {bucket for bucket, _ in scene.s3.deleted} == {TEMPLATES}


def test_a_bucket_that_is_filled_again_meanwhile_is_emptied_again() -> None:
    scene = Scene().stand()
    fills = iter([["late.log"], ["later.log"], []])

    def blocked(physical_id: str) -> str:
        if physical_id == LOGS:
            scene.s3.fill(LOGS, *next(fills))
        return scene.blocked(physical_id)

    scene.cloud.blocked = blocked
    scene.destroy()

    assert scene.cloud.status(ROOT) == "nothing"


def test_a_bucket_that_is_always_filled_again_ends_with_its_name() -> None:
    scene = Scene().stand()
    scene.cloud.blocked = lambda physical_id: "it is not empty" if physical_id == LOGS else ""

    with pytest.raises(
        DeployError, match=r"airflow-dev was not removed, .*airflow-dev/Storage/Logs .*: it is not empty"
    ):
        scene.destroy()
    assert scene.cloud.calls.count("DeleteStack") == 3
    assert scene.cloud.status(FOUNDATION) == "CREATE_COMPLETE"
    assert scene.s3.buckets[TEMPLATES]  # nothing of the foundation is touched before the root has gone


def test_another_failure_is_told_at_once() -> None:
    scene = Scene().stand()
    scene.cloud.blocked = lambda physical_id: "in use by eni-1" if physical_id == IMAGES else ""
    scene.ecr.repositories[IMAGES] = []
    scene.cloud.stacks = {k: v for k, v in scene.cloud.stacks.items() if v.name == FOUNDATION}

    with pytest.raises(DeployError, match="in use by eni-1"):
        scene.destroy()


@pytest.mark.parametrize("status", ["UPDATE_IN_PROGRESS", "UPDATE_ROLLBACK_IN_PROGRESS", "ROLLBACK_IN_PROGRESS"])
def test_somebody_elses_operation_is_not_disturbed(status: str) -> None:
    scene = Scene().stand(root=status)

    with pytest.raises(DeployError, match=f"airflow-dev is in {status}: another operation is at work"):
        scene.destroy()
    assert scene.asked == []


def test_termination_protection_is_respected() -> None:
    scene = Scene().stand()
    scene.cloud._get(FOUNDATION).protected = True

    with pytest.raises(DeployError, match="airflow-dev-foundation is protected"):
        scene.destroy()
    assert scene.cloud.status(ROOT) == "CREATE_COMPLETE"


@pytest.mark.parametrize(
    "status",
    ["REVIEW_IN_PROGRESS", "ROLLBACK_COMPLETE", "DELETE_FAILED", "UPDATE_ROLLBACK_FAILED", "CREATE_IN_PROGRESS"],
)
def test_states_that_no_deploy_can_start_from_are_left_by_removal(status: str) -> None:
    scene = Scene()
    scene.cloud.put(ROOT, status, None if status == "REVIEW_IN_PROGRESS" else ROOT_GRAPH)

    scene.destroy()

    assert scene.cloud.status(ROOT) == "nothing"


def test_what_lies_in_a_retained_nested_stack_stays() -> None:
    scene = Scene()
    child = nested("Storage", Resource("Logs", "AWS::S3::Bucket"))
    scene.cloud.put(
        ROOT, "CREATE_COMPLETE", Graph((Resource("Storage", child.type, policy="Retain", child=child.child),))
    )

    assert [each.path for each in removals.survey(scene.aws, NAMES).stays] == ["airflow-dev/Storage/Logs"]


def test_a_protected_database_stops_it_before_anything_goes() -> None:
    scene = Scene()
    protected = Graph((nested("Data", Resource("Database", "AWS::RDS::DBInstance", protected=True)),))
    scene.cloud.put(ROOT, "CREATE_COMPLETE", protected)

    with pytest.raises(DeployError, match=r"airflow-dev/Data/Database is protected .*deletionProtection to false"):
        drained(destruction.destroy(scene.tools, NAMES, scene.consent))

    assert scene.asked == []
    assert "DeleteStack" not in scene.cloud.calls


def test_a_staying_bucket_that_may_not_be_read_stops_nothing() -> None:
    scene = Scene().stand()
    scene.s3.closed.add(KEPT)

    _, removal = scene.destroy()

    assert KEPT in [each.physical_id for each in removal.stays]
    assert KEPT not in [each.resource.physical_id for each in removal.contents]
    assert scene.cloud.status(ROOT) == "nothing"

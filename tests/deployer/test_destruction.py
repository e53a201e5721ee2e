from __future__ import annotations

import pytest

from deployer import destruction
from deployer.destruction import Removal
from deployer.errors import Declined, DeployError
from deployer.events import StackEvent
from deployer.stacks import StackNames
from deployer.template_text import Fate
from tests.deployer.scripted_clients import scripted
from tests.deployer.scripted_cloudformation import Graph, Resource, ScriptedCloudFormation, VirtualTime, nested
from tests.deployer.scripted_storage import ScriptedEcr, ScriptedS3
from tests.deployer.test_deployment import drained

NAMES = StackNames("airflow", "dev")
FOUNDATION, ROOT = "airflow-dev-foundation", "airflow-dev"
LOGS, KEPT, TEMPLATES = "airflow-dev-storage-logs", "airflow-dev-storage-kept", "airflow-dev-foundation-templates"
IMAGES = "airflow-dev-foundation-images"

FOUNDATION_GRAPH = Graph((Resource("Templates", "AWS::S3::Bucket"), Resource("Images", "AWS::ECR::Repository")))
ROOT_GRAPH = Graph(
    (
        nested(
            "Storage",
            Resource("Logs", "AWS::S3::Bucket"),
            Resource("Kept", "AWS::S3::Bucket", policy="Retain"),
        ),
        nested("Data", Resource("Database", "AWS::RDS::DBInstance", seconds=20, policy="Snapshot")),
    )
)


class Scene:
    """Both stacks stand, with something in every bucket; a full bucket is not deleted."""

    def __init__(self) -> None:
        self.time = VirtualTime()
        self.cloud = ScriptedCloudFormation(self.time)
        self.s3 = ScriptedS3(LOGS, KEPT, TEMPLATES)
        self.ecr = ScriptedEcr(**{IMAGES.replace("-", "_"): ["sha256:1"]})
        self.aws = scripted({"cloudformation": self.cloud, "s3": self.s3, "ecr": self.ecr})
        self.cloud.blocked = self.blocked
        self.asked: list[Removal] = []

    def stand(self, root: str = "CREATE_COMPLETE") -> Scene:
        self.cloud.put(FOUNDATION, "CREATE_COMPLETE", FOUNDATION_GRAPH)
        self.cloud.put(ROOT, root, ROOT_GRAPH)
        for bucket in (LOGS, KEPT, TEMPLATES):
            self.s3.fill(bucket, "one", "two")
        return self

    def blocked(self, physical_id: str) -> str:
        full = self.s3.buckets.get(physical_id) or self.ecr.repositories.get(physical_id)
        return "it is not empty" if full else ""

    def consent(self, removal: Removal) -> bool:
        self.asked.append(removal)
        return True

    def destroy(self) -> tuple[list[StackEvent], Removal]:
        return drained(destruction.destroy(self.aws, NAMES, self.consent, self.time.clock()))


def test_all_that_goes_and_all_that_stays_is_listed() -> None:
    removal = destruction.survey(Scene().stand().aws, NAMES)

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
        (TEMPLATES, "2 object versions"),
        (IMAGES, "1 image"),
    ]


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
        drained(destruction.destroy(scene.aws, NAMES, lambda _: False, scene.time.clock()))
    assert scene.cloud.status(ROOT) == scene.cloud.status(FOUNDATION) == "CREATE_COMPLETE"
    assert all(scene.s3.buckets.values())


@pytest.mark.parametrize("seconds", [1, 10, 30, 60])
def test_interrupted_it_can_be_run_again(seconds: float) -> None:
    scene = Scene().stand()
    interrupted = destruction.destroy(scene.aws, NAMES, scene.consent, scene.time.clock())
    while scene.time.seconds < 20 + seconds:
        if next(interrupted, None) is None:
            break
    interrupted.close()

    scene.destroy()

    assert scene.cloud.status(ROOT) == scene.cloud.status(FOUNDATION) == "nothing"


def test_a_removal_that_runs_already_is_watched_and_not_begun_again() -> None:
    scene = Scene().stand()
    scene.s3.buckets[LOGS].clear()
    scene.cloud.delete_stack(ROOT)
    scene.time.sleep(2)

    told, _ = scene.destroy()

    assert scene.cloud.calls.count("DeleteStack") == 1  # the foundation's
    assert (told[0].path, told[0].status) == (ROOT, "DELETE_IN_PROGRESS")


def test_only_the_foundation_is_left() -> None:
    scene = Scene()
    scene.cloud.put(FOUNDATION, "CREATE_COMPLETE", FOUNDATION_GRAPH)

    assert [stack.name for stack in scene.destroy()[1].stacks] == [FOUNDATION]
    assert scene.cloud.status(FOUNDATION) == "nothing"


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


@pytest.mark.parametrize("status", ["UPDATE_IN_PROGRESS", "CREATE_IN_PROGRESS", "ROLLBACK_IN_PROGRESS"])
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
    "status", ["REVIEW_IN_PROGRESS", "ROLLBACK_COMPLETE", "DELETE_FAILED", "UPDATE_ROLLBACK_FAILED"]
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

    assert [each.path for each in destruction.survey(scene.aws, NAMES).stays] == ["airflow-dev/Storage/Logs"]


def test_a_protected_database_stops_it_before_anything_goes() -> None:
    scene = Scene()
    protected = Graph((nested("Data", Resource("Database", "AWS::RDS::DBInstance", protected=True)),))
    scene.cloud.put(ROOT, "CREATE_COMPLETE", protected)

    with pytest.raises(DeployError, match=r"airflow-dev/Data/Database is protected .*deletionProtection to false"):
        drained(destruction.destroy(scene.aws, NAMES, scene.consent, scene.time.clock()))

    assert scene.asked == []
    assert "DeleteStack" not in scene.cloud.calls

"""What an earlier run of a destroy has left is found again: a snapshot, its Fernet key, what was retained."""

from __future__ import annotations

import pytest

from deployer.cloudformation import departed
from deployer.cloudformation.template_text import Fate
from deployer.destroying import destruction, removals
from deployer.errors import DeployError
from tests.deployer.scripted_clients import RefusedError
from tests.deployer.scripted_cloudformation import Graph, Resource, nested
from tests.deployer.scripted_removal import FOUNDATION, FOUNDATION_GRAPH, NAMES, ROOT, Scene

KEY = "arn:the-fernet-secret"
GRAPH = Graph(
    (
        nested("Secrets", Resource("FernetSecret", "AWS::SecretsManager::Secret", policy="Retain")),
        nested("Network", Resource("Subnet", "AWS::EC2::Subnet", seconds=5)),
        nested("Database", Resource("MetadataDatabase", "AWS::RDS::DBInstance", seconds=2, policy="Snapshot")),
    )
)


def standing() -> Scene:
    scene = Scene()
    scene.cloud.names = {"Subnet": "subnet-1", "MetadataDatabase": "db-1", "FernetSecret": KEY}
    scene.cloud.put(FOUNDATION, "CREATE_COMPLETE", FOUNDATION_GRAPH)
    scene.cloud.put(ROOT, "CREATE_COMPLETE", GRAPH)
    return scene


def interrupt(scene: Scene) -> None:
    running = destruction.destroy(scene.tools, NAMES, scene.consent)
    next(running)
    with pytest.raises(KeyboardInterrupt):
        running.throw(KeyboardInterrupt)
    scene.time.sleep(300)
    assert scene.cloud.status(ROOT) == "nothing"


def require_known(removal: removals.Removal) -> None:
    assert [(each.physical_id, each.gone) for each in removal.left] == [("db-1", True)]
    assert KEY in [each.physical_id for each in removal.stays]
    assert "db-1" not in [each.physical_id for each in removal.goes]
    assert removal.fernet == KEY


def test_after_a_removal_that_was_held_up() -> None:
    scene = standing()
    scene.cloud.blocked = lambda each: "held" if each == "subnet-1" else ""
    with pytest.raises(DeployError, match="held"):
        scene.destroy()
    scene.cloud.blocked = lambda _: ""

    _, removal = scene.destroy()

    require_known(removal)
    assert "subnet-1" in [each.physical_id for each in removal.goes]


def test_after_an_interruption_in_which_the_root_went_by_itself() -> None:
    scene = standing()
    interrupt(scene)

    _, removal = scene.destroy()

    require_known(removal)
    assert [stack.name for stack in removal.stacks] == [FOUNDATION]
    assert removal.key == "arn:key"


def test_after_both_stacks_have_gone() -> None:
    scene = standing()
    scene.destroy()

    _, removal = scene.destroy()

    assert (removal.stacks, len(scene.asked)) == ((), 1)
    require_known(removal)
    assert removal.key == "arn:key"


def test_a_key_that_was_given_is_known_by_the_root_that_is_gone() -> None:
    scene = standing()
    scene.cloud._get(ROOT).values["FernetSecretArn"] = "arn:given"
    interrupt(scene)
    assert removals.survey(scene.aws, NAMES).fernet == "arn:given"


def test_of_several_lives_the_last_one_counts() -> None:
    scene = Scene()
    for _ in range(2):
        scene.cloud.put(ROOT, "CREATE_COMPLETE", GRAPH)
        scene.destroy()
    ids = [each.id for each in scene.cloud.stacks.values() if each.name == ROOT]
    assert departed.find(scene.aws, [ROOT, FOUNDATION])[ROOT].id == ids[-1]


def test_who_may_not_look_for_them_is_told_less() -> None:
    scene = standing()
    interrupt(scene)

    def refused(**_: object) -> None:
        raise RefusedError("AccessDenied", "not authorized to perform: cloudformation:ListStacks", 403)

    scene.cloud.list_stacks = refused  # type: ignore[method-assign,assignment]
    removal = removals.survey(scene.aws, NAMES)
    assert (removal.left, removal.fernet) == ((), "")
    scene.destroy()
    assert scene.cloud.status(FOUNDATION) == "nothing"


def test_what_was_skipped_by_an_earlier_update_is_not_emptied() -> None:
    """It is in no template any more, and its data is kept on purpose."""
    scene = Scene().stand()
    kept = next(each for each in scene.cloud.stacks.values() if each.name == "airflow-dev-Storage")
    assert kept.graph
    scene.cloud._event(kept, kept.graph.resources[0], "DELETE_SKIPPED", scene.time.seconds)
    kept.body = Graph((Resource("Kept", "AWS::S3::Bucket", policy="Retain"),)).text()

    logs = next(each for each in removals.survey(scene.aws, NAMES).resources if each.logical_id == "Logs")
    assert logs.fate is Fate.STAYS


def test_what_lies_in_a_stack_that_is_gone_is_gone() -> None:
    scene = Scene()
    scene.cloud.put(FOUNDATION, "CREATE_COMPLETE", FOUNDATION_GRAPH)
    scene.cloud.put(ROOT, "CREATE_COMPLETE", Graph((*GRAPH.resources, Resource("Queue"))))
    scene.cloud.remove_by_hand(ROOT)  # of its resources nothing is said

    removal = removals.survey(scene.aws, NAMES)

    assert {each.path for each in removal.goes} == {f"{FOUNDATION}/Templates", f"{FOUNDATION}/Images"}
    assert (removal.stays, removal.fernet) == ((), ""), "what was retained would have been skipped"

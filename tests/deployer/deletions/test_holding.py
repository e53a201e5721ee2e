"""What holds a removal up: what AWS frees late, and others who are at work."""

from __future__ import annotations

import pytest

from deployer.cloudformation.events import StackEvent
from deployer.cloudformation.stacks import name_of
from deployer.deletions import holding
from deployer.destroying import destruction
from deployer.destroying.removals import Removal
from deployer.errors import Declined, DeployError
from deployer.locking import lock
from tests.deployer.scenes import drained
from tests.deployer.scripted_cloudformation import MIDNIGHT, Graph, Resource
from tests.deployer.scripted_removal import (
    FOUNDATION,
    FOUNDATION_GRAPH,
    NAMES,
    ROOT,
    TEMPLATES,
    Scene,
)

ENI = "The subnet 'subnet-1' has dependencies and cannot be deleted. (Service: Ec2, Status Code: 400)"


def test_what_aws_frees_late_is_waited_for() -> None:
    scene = Scene().stand_in_a_network()
    begun = scene.time.seconds
    scene.cloud.blocked = lambda each: ENI if each == "subnet-1" and scene.time.seconds < begun + 200 else ""

    scene.destroy()

    assert scene.cloud.status(ROOT) == scene.cloud.status(FOUNDATION) == "nothing"
    assert [line.partition(":")[0] for line in scene.said] == ["airflow-dev/Network/Subnet is still in use"] * 3
    assert [line.rpartition(" in ")[2] for line in scene.said] == [f"{s} s it is tried again" for s in (30, 60, 120)]


def test_what_is_never_freed_ends_with_who_holds_it() -> None:
    scene = Scene().stand_in_a_network()
    scene.cloud.blocked = lambda each: ENI if each == "subnet-1" else ""
    scene.ec2.found["subnet-id", "subnet-1"] = "ELB app/somebody-elses"

    with pytest.raises(
        DeployError,
        match=r"Network/Subnet .*has dependencies.*; it is held by eni-1 \(ELB app/somebody-elses\); when that",
    ):
        scene.destroy()
    assert scene.cloud.status(ROOT) == "DELETE_FAILED"
    assert scene.cloud.calls.count("DeleteStack") == 6

    scene.cloud.blocked = lambda _: ""
    scene.destroy()
    assert scene.cloud.status(ROOT) == scene.cloud.status(FOUNDATION) == "nothing"


def test_one_deletion_at_a_time() -> None:
    scene = Scene().stand()
    with lock.held(scene.tools, TEMPLATES, "deploy"):
        with pytest.raises(DeployError, match=r"somebody else is at work on this environment: .*deploy"):
            scene.destroy()
        assert scene.asked == []
        assert "DeleteStack" not in scene.cloud.calls

    scene.destroy()
    assert scene.cloud.status(ROOT) == "nothing"


def test_the_lock_is_held_until_aws_has_agreed_to_delete_the_foundation() -> None:
    scene = Scene().stand()
    delete = scene.cloud.delete_stack
    locked: list[tuple[str, bool]] = []

    def deleting(StackName: str, **rest: object) -> None:  # noqa: N803
        locked.append((name_of(StackName), lock.read(scene.tools, TEMPLATES) is not None))
        delete(StackName, **rest)

    scene.cloud.delete_stack = deleting  # type: ignore[method-assign]
    running = destruction.destroy(scene.tools, NAMES, scene.consent)
    held = {(event.path.partition("/")[0], lock.read(scene.tools, TEMPLATES) is not None) for event in running}
    assert held == {(ROOT, True), (FOUNDATION, False)}
    assert next(held for stack, held in locked if stack == FOUNDATION)
    emptied = [keys for bucket, keys in scene.s3.deleted if bucket == TEMPLATES]
    assert emptied == [{"templates/1.yml", "releases/000001.json", "deployed.json", lock.KEY}]
    assert not any("lock" in line for line in scene.said)


def test_declined_it_leaves_no_lock() -> None:
    scene = Scene().stand()
    with pytest.raises(Declined):
        drained(destruction.destroy(scene.tools, NAMES, lambda _: False))
    assert lock.read(scene.tools, TEMPLATES) is None


def break_lock(scene: Scene) -> None:
    found = lock.read(scene.tools, TEMPLATES)
    assert found
    assert lock.broken(scene.tools, TEMPLATES, found)


def test_who_has_lost_the_lock_deletes_nothing() -> None:
    scene = Scene().stand()

    def consent(_: Removal) -> bool:
        break_lock(scene)
        return True

    with pytest.raises(DeployError, match="the lock of this destroy was broken by somebody"):
        drained(destruction.destroy(scene.tools, NAMES, consent))

    assert "DeleteStack" not in scene.cloud.calls
    assert scene.s3.deleted == []


def test_who_loses_the_lock_while_they_wait_does_not_begin_again() -> None:
    scene = Scene().stand_in_a_network()
    scene.cloud.blocked = lambda each: ENI if each == "subnet-1" else ""
    running = destruction.destroy(scene.tools, NAMES, scene.consent)

    def watch() -> None:
        for event in running:
            if event.path == ROOT and event.status == "DELETE_FAILED":
                break_lock(scene)

    with pytest.raises(DeployError, match="the lock of this destroy was broken"):
        watch()
    assert scene.cloud.calls.count("DeleteStack") == 1


def test_who_loses_the_lock_leaves_the_foundation_as_it_is() -> None:
    scene = Scene().stand()

    def watch() -> None:
        for event in destruction.destroy(scene.tools, NAMES, scene.consent):
            if event.path == ROOT and event.status == "DELETE_COMPLETE":
                break_lock(scene)

    with pytest.raises(DeployError, match="the lock of this destroy was broken"):
        watch()
    assert scene.s3.bodies(TEMPLATES).keys() == {"templates/1.yml", "releases/000001.json", "deployed.json"}


# As AWS puts it.
@pytest.mark.parametrize(
    "reason",
    [
        ENI,
        "resource sg-1 has a dependent object (Service: Ec2, Status Code: 400, Request ID: x)",
        "Network vpc-1 has some mapped public address(es). Please unmap those public address(es) before detaching",
        'Resource handler returned message: "The specified capacity provider is in use and cannot be removed. (Service:'
        ' Ecs, Status Code: 400, Request ID: x)" (RequestToken: x, HandlerErrorCode: ResourceConflict)',
        'Resource handler returned message: "The Cluster cannot be deleted while Services are active. (Service: Ecs)"',
        'Resource handler returned message: "The Cluster cannot be deleted while Tasks are active. (Service: Ecs)"',
        "Cannot delete the subnet group 'x' because at least one database instance: y is still using it. (Rds)",
        "One or more database instances are still members of this parameter group x, so the group cannot be deleted",
        "Cache subnet group x is currently in use by a cache cluster. (Error Code: CacheSubnetGroupInUse)",
        "Service srv-1 contains registered instances; delete the instances before deleting the service",
        'Resource handler returned message: "Namespace has associated services; delete the services before deleting the'
        ' namespace (Service: ServiceDiscovery, Status Code: 400, Request ID: x)" (RequestToken: x, HandlerErrorCode:'
        " GeneralServiceException)",
        "Namespace is in use (Service: AWSServiceDiscovery; Status Code: 400; Error Code: ResourceInUse)",
        'Resource handler returned message: "Certificate arn:aws:acm:x in use. (Service: Acm, Status Code: 400)"',
    ],
)
def test_what_aws_says_of_what_it_frees_late_is_known(reason: str) -> None:
    assert holding.is_freed_late(failure(reason))


def failure(reason: str, kind: str = "AWS::ECS::Cluster") -> StackEvent:
    return StackEvent(MIDNIGHT, ROOT, "id", "X", "x-1", kind, "DELETE_FAILED", reason)


def test_it_waits_while_anything_is_freed_late() -> None:
    scene = Scene()
    scene.cloud.put(FOUNDATION, "CREATE_COMPLETE", FOUNDATION_GRAPH)
    scene.cloud.put(ROOT, "CREATE_COMPLETE", Graph((Resource("Other"), Resource("Subnet", "AWS::EC2::Subnet"))))
    begun = scene.time.seconds
    reasons = {"airflow-dev-other": "Exceeded attempts to wait", "airflow-dev-subnet": ENI}
    scene.cloud.blocked = lambda each: reasons.get(each, "") if scene.time.seconds < begun + 60 else ""

    scene.destroy()

    assert scene.cloud.status(ROOT) == "nothing"


@pytest.mark.parametrize(
    ("kind", "reason", "way"),
    [
        (
            "AWS::RDS::DBInstance",
            "Cannot delete protected DB Instance, please disable deletion protection and try again. (Service: Rds)",
            "`aws rds modify-db-instance --no-deletion-protection --db-instance-identifier x-1`, then run it again",
        ),
        (
            "AWS::RDS::DBCluster",
            "Cannot delete protected Cluster, please disable deletion protection and try again.",
            "`aws rds modify-db-cluster --no-deletion-protection --db-cluster-identifier x-1`, then run it again",
        ),
        ("AWS::ECS::Cluster", "The Cluster cannot be deleted while Tasks are active.", "something uses it still; when"),
        ("AWS::S3::Bucket", "something nobody has heard of", ""),
    ],
)
def test_what_to_do_fits_what_holds_it(kind: str, reason: str, way: str) -> None:
    told = holding.way_on(Scene().aws, [failure(reason, kind)])
    assert way in told
    assert bool(told) is bool(way)

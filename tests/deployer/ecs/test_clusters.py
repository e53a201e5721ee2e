from __future__ import annotations

import pytest
from botocore.exceptions import ClientError

from deployer.ecs import clusters
from tests.deployer.scripted_clients import RefusedError, scripted
from tests.deployer.scripted_cloudformation import VirtualTime
from tests.deployer.scripted_cluster import CLUSTER, Played, ScriptedCluster


class Scene:
    def __init__(self) -> None:
        self.cluster = ScriptedCluster(VirtualTime(), {"worker": Played()})
        self.cluster.roll("image")
        self.aws = scripted({"ecs": self.cluster})

    def tasks(self, *but: str) -> list[str]:
        return [each["taskArn"] for each in clusters.tasks(self.aws, CLUSTER, but)]


def test_all_tasks_are_told_but_those_that_are_known() -> None:
    scene = Scene()
    first, *others = [scene.cluster.run("worker") for _ in range(250)]

    assert scene.tasks(first) == others
    assert scene.cluster.calls.count("DescribeTasks") == 3


@pytest.mark.parametrize("cluster", [None, "", CLUSTER, "another"])
def test_a_cluster_that_is_not_there_has_nothing(cluster: str | None) -> None:
    scene = Scene()
    scene.cluster.gone = True

    assert clusters.services(scene.aws, cluster) == frozenset()
    assert list(clusters.tasks(scene.aws, cluster)) == []


def test_what_may_not_be_looked_at_is_not_taken_for_nothing() -> None:
    scene = Scene()

    def refuse(**_: object) -> None:
        raise RefusedError("AccessDeniedException", "no")

    scene.cluster.list_tasks = scene.cluster.list_services = refuse  # type: ignore[method-assign, assignment]
    with pytest.raises(ClientError):
        scene.tasks()
    with pytest.raises(ClientError):
        clusters.services(scene.aws, CLUSTER)

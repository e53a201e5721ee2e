from __future__ import annotations

from collections.abc import Mapping

from deployer.ecs import first_counts
from deployer.tools import Tools
from tests.deployer.scripted_clients import scripted
from tests.deployer.scripted_cloudformation import VirtualTime
from tests.deployer.scripted_cluster import ARN, CLUSTER, Played, ScriptedCluster, ScriptedScaling


class Scene:
    """Services of one cluster, and what scales them."""

    def __init__(self, **services: Played) -> None:
        self.cluster = ScriptedCluster(VirtualTime(), services)
        self.scaling = ScriptedScaling(self.cluster)
        self.said: list[str] = []
        self.aws = scripted({"ecs": self.cluster, "application-autoscaling": self.scaling})

    def apply(self, *before: str) -> Mapping[str, int]:
        """How many tasks services have after a deploy that found those of `before`."""
        arns = frozenset(f"{ARN}:service/{CLUSTER}/{name}" for name in before)
        first_counts.apply(Tools(self.aws, self.said.append), CLUSTER, arns)
        return self.counts

    @property
    def counts(self) -> Mapping[str, int]:
        return {name: each.desired for name, each in self.cluster.services.items()}


def test_new_services_get_the_count_of_their_tag() -> None:
    plain = {f"s{number:02}": Played() for number in range(15)}
    scene = Scene(**plain, three=Played(first="3"), none=Played(first="0"), many=Played(first="many"))

    assert {name: count for name, count in scene.apply().items() if count != 1} == {"three": 3, "none": 0}
    assert scene.cluster.calls.count("UpdateService") == 2


def test_services_that_were_there_keep_what_people_and_autoscaling_gave_them() -> None:
    scene = Scene(old=Played(desired=7, first="2"), scaled=Played(desired=3, scales=(1, 5)), new=Played(first="4"))

    assert scene.apply("old", "scaled") == {"old": 7, "scaled": 3, "new": 4}


def test_services_below_their_minimum_are_raised_and_it_is_told() -> None:
    scene = Scene(worker=Played(desired=1, scales=(2, 5)), scheduler=Played(desired=2, scales=(2, 4)))

    assert scene.apply("worker", "scheduler") == {"worker": 2, "scheduler": 2}
    assert scene.said == ["worker: 2 tasks are wanted now, where 1 were"]


def test_services_left_at_zero_by_hours_that_are_no_more_run_again() -> None:
    scene = Scene(one=Played(desired=0), two=Played(desired=0, first="2"), none=Played(desired=0, first="0"))

    assert scene.apply("one", "two", "none") == {"one": 1, "two": 2, "none": 0}


def test_outside_of_their_hours_services_sleep_on() -> None:
    for there in ("worker", "another"):
        assert Scene(worker=Played(desired=0, scales=(0, 0), first="2")).apply(there) == {"worker": 0}


def test_new_services_keep_what_they_were_given_since_a_deploy_that_did_not_come_through() -> None:
    scene = Scene(two=Played(first="2"), nine=Played(desired=9, first="2"), most=Played(scales=(1, 3), first="5"))

    assert scene.apply() == {"two": 2, "nine": 9, "most": 3}


def test_without_a_list_all_services_were_there() -> None:
    scene = Scene(two=Played(desired=1, first="2"))
    first_counts.apply(Tools(scene.aws), CLUSTER, None)

    assert scene.counts == {"two": 1}


def test_where_nobody_may_know_what_scales_only_new_services_are_given_a_count() -> None:
    scene = Scene(old=Played(desired=0, first="2"), new=Played(first="2"))
    scene.scaling.refused = "AccessDeniedException"

    assert scene.apply("old") == {"old": 0, "new": 2}
    assert scene.said[0].startswith("whether services have the tasks that they need is not known: AWS does not allow")

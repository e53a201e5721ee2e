"""How many tasks there are, and when."""

from typing import Any

import pytest

from generator.airflow.components import components
from generator.stacks import scaling
from tests.generator.stacks.alone import Body, alone, properties, settings_with

FOLLOWS = {"minCapacity": 0, "maxCapacity": 5, "cpu": {"target": 60, "scaleInCooldown": 600}, "memory": {"target": 70}}
HOURS = {"start": "07:30", "stop": "20:05", "days": "MON-FRI", "timezone": "Europe/Berlin"}


def rendered(service: dict[str, Any]) -> Body:
    settings = settings_with({"service": service})
    names = {one.name: f"{one.name}-service" for one in scaling.scaled(settings)}
    return alone(scaling.build, scaling.Inputs("cluster", names), settings)


def targets(body: Body) -> dict[str, dict[str, Any]]:
    found = body["Resources"].items()
    return {
        name: one["Properties"] for name, one in found if one["Type"] == "AWS::ApplicationAutoScaling::ScalableTarget"
    }


@pytest.mark.parametrize(
    ("service", "wanted"), [({}, False), ({"workers": {"autoscaling": FOLLOWS}}, True), ({"hours": {}}, True)]
)
def test_there_is_no_stack_for_what_never_changes(service: dict[str, Any], wanted: bool) -> None:
    assert scaling.wanted(settings_with({"service": service})) is wanted


def test_what_follows_the_load_does_so_by_cpu_and_memory() -> None:
    body = rendered({"workers": {"autoscaling": FOLLOWS}})
    (target,) = targets(body).values()
    assert (target["MinCapacity"], target["MaxCapacity"]) == (0, 5)
    assert target["ResourceId"]["Fn::Sub"][1] == {
        "Cluster": {"Ref": "ClusterName"},
        "Service": {"Ref": "WorkersServiceName"},
    }
    cpu, memory = (
        properties(body, name)["TargetTrackingScalingPolicyConfiguration"]
        for name in ("WorkersCpuPolicy", "WorkersMemoryPolicy")
    )
    assert cpu == {
        "PredefinedMetricSpecification": {"PredefinedMetricType": "ECSServiceAverageCPUUtilization"},
        "TargetValue": 60,
        "ScaleInCooldown": 600,
        "ScaleOutCooldown": 60,
    }
    assert memory["PredefinedMetricSpecification"]["PredefinedMetricType"] == "ECSServiceAverageMemoryUtilization"
    assert "ScheduledActions" not in target


def test_the_role_that_scales_is_awss_own() -> None:
    assert "RoleARN" not in next(iter(targets(rendered({"workers": {"autoscaling": FOLLOWS}})).values()))


def test_with_hours_every_component_stops_and_starts_again_as_it_was() -> None:
    service = {
        "hours": HOURS,
        "scheduler": {"desiredCount": 2},
        "workers": {"autoscaling": FOLLOWS},
        "workerGroups": {"big": {}},
        "flower": {"enabled": True},
    }
    found = targets(rendered(service))
    every = components(settings_with({"service": service}))
    assert set(found) == {f"{one.title}Target" for one in every}
    for one in every:
        start, stop = found[f"{one.title}Target"]["ScheduledActions"]
        assert start == {
            "ScheduledActionName": "Start",
            "Schedule": "cron(30 7 ? * MON-FRI *)",
            "Timezone": "Europe/Berlin",
            "ScalableTargetAction": {"MinCapacity": one.task.fewest, "MaxCapacity": one.task.most},
        }
        # Every day: what was started by hand, or on the evening before, stops, too.
        assert stop["Schedule"] == "cron(5 20 ? * * *)"
        assert stop["Timezone"] == "Europe/Berlin"
        assert stop["ScalableTargetAction"] == {"MinCapacity": 0, "MaxCapacity": 0}

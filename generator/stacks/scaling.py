"""How many tasks the services have: their number follows the load, and the hours in which Airflow runs."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from troposphere import Ref, Sub, Template
from troposphere.applicationautoscaling import (
    PredefinedMetricSpecification,
    ScalableTarget,
    ScalableTargetAction,
    ScalingPolicy,
    ScheduledAction,
    TargetTrackingScalingPolicyConfiguration,
)

from generator.airflow.components import Component, components
from generator.config.settings import Settings
from generator.config.tasks import Hours, Tracking
from generator.stacks.nesting import ByName, Value

CPU, MEMORY = "ECSServiceAverageCPUUtilization", "ECSServiceAverageMemoryUtilization"


@dataclass(frozen=True)
class Inputs:
    """The services whose number of tasks changes."""

    cluster_name: Value
    service_name: ByName


@dataclass(frozen=True)
class Outputs:
    """Nothing waits for it."""


def wanted(settings: Settings) -> bool:
    """Whether the number of any component's tasks changes by itself."""
    return bool(scaled(settings))


def scaled(settings: Settings) -> Sequence[Component]:
    """Components whose number of tasks changes: those that follow the load, and all where Airflow has hours."""
    return [one for one in components(settings) if one.task.autoscaling or settings.service.hours]


def build(template: Template, settings: Settings, inputs: Inputs) -> Outputs:
    """Scaling: the number of a service's tasks follows the load, and the hours in which Airflow runs.

    Scales with the service-linked role of Application Auto Scaling, which comes into being by itself:
    https://docs.aws.amazon.com/autoscaling/application/userguide/application-auto-scaling-service-linked-roles.html
    """
    for component in scaled(settings):
        target = template.add_resource(_target(component, settings.service.hours, inputs))
        for policy in _policies(component, target):
            template.add_resource(policy)
    return Outputs()


def _target(component: Component, hours: Hours | None, inputs: Inputs) -> ScalableTarget:
    target = ScalableTarget(
        f"{component.title}Target",
        ServiceNamespace="ecs",
        ScalableDimension="ecs:service:DesiredCount",
        ResourceId=Sub(
            "service/${Cluster}/${Service}", Cluster=inputs.cluster_name, Service=inputs.service_name[component.name]
        ),
        MinCapacity=component.task.fewest,
        MaxCapacity=component.task.most,
    )
    if hours:
        target.ScheduledActions = [
            _action("Start", hours.start, hours.days, hours.timezone, component.task.fewest, component.task.most),
            # On every day: what begins in the evening ends on the next morning.
            _action("Stop", hours.stop, "*", hours.timezone, 0, 0),
        ]
    return target


def _action(name: str, time: str, days: str, timezone: str, fewest: int, most: int) -> ScheduledAction:
    """Set the range of a number of tasks at a time of day.

    https://docs.aws.amazon.com/autoscaling/application/userguide/scheduled-scaling-using-cron-expressions.html
    """
    hour, minute = time.split(":")
    return ScheduledAction(
        ScheduledActionName=name,
        Schedule=f"cron({int(minute)} {int(hour)} ? * {days} *)",
        Timezone=timezone,
        ScalableTargetAction=ScalableTargetAction(MinCapacity=fewest, MaxCapacity=most),
    )


def _policies(component: Component, target: ScalableTarget) -> Iterable[ScalingPolicy]:
    """Follow what the user names; with both, the larger number wins."""
    follows = component.task.autoscaling
    if follows and follows.cpu:
        yield _policy(component, "Cpu", CPU, follows.cpu, target)
    if follows and follows.memory:
        yield _policy(component, "Memory", MEMORY, follows.memory, target)


def _policy(component: Component, what: str, metric: str, tracking: Tracking, target: ScalableTarget) -> ScalingPolicy:
    return ScalingPolicy(
        f"{component.title}{what}Policy",
        PolicyName=f"{component.name}-{what.lower()}",
        PolicyType="TargetTrackingScaling",
        ScalingTargetId=Ref(target),
        TargetTrackingScalingPolicyConfiguration=TargetTrackingScalingPolicyConfiguration(
            PredefinedMetricSpecification=PredefinedMetricSpecification(PredefinedMetricType=metric),
            TargetValue=tracking.target,
            ScaleInCooldown=tracking.scale_in_cooldown,
            ScaleOutCooldown=tracking.scale_out_cooldown,
        ),
    )

"""Where the services run: the ECS cluster, and the private names that components find each other by."""

from dataclasses import dataclass

from troposphere import Ref, Template
from troposphere.ecs import Cluster, ClusterSetting
from troposphere.servicediscovery import PrivateDnsNamespace

from generator.config.settings import Settings
from generator.stacks.data import accepted
from generator.stacks.nesting import Value


@dataclass(frozen=True)
class Inputs:
    """The network that the names are known in."""

    vpc_id: Value


@dataclass(frozen=True)
class Outputs:
    """What services are attached to."""

    cluster_name: Value
    namespace_id: Value


def build(template: Template, settings: Settings, inputs: Inputs) -> Outputs:
    """Cluster: where Airflow's services run, and the private names by which they find each other."""
    insights = settings.cloudwatch.container_insights
    cluster = template.add_resource(
        Cluster(
            "Cluster",
            ClusterSettings=[ClusterSetting(Name="containerInsights", Value="enabled" if insights else "disabled")],
            # Both, always: so a service goes over to Spot, or back, without being replaced.
            CapacityProviders=["FARGATE", "FARGATE_SPOT"],
        )
    )
    if not insights:
        reason = "Metrics of every task cost more than they tell here; cloudwatch.containerInsights: true makes them."
        accepted(cluster, CKV_AWS_65=reason)
    namespace = template.add_resource(
        PrivateDnsNamespace(
            "Namespace",
            Name=settings.namespace,
            Vpc=inputs.vpc_id,
            Description=f"Names of {settings.stack_name}'s components",
        )
    )
    return Outputs(cluster_name=Ref(cluster), namespace_id=Ref(namespace))

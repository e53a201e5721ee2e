"""Where the services run: the ECS cluster, its private names, and the load balancer in front."""

from dataclasses import dataclass

from troposphere import GetAtt, Join, Ref, Template
from troposphere.ec2 import SecurityGroup, SecurityGroupIngress
from troposphere.ecs import Cluster, ClusterSetting
from troposphere.elasticloadbalancingv2 import (
    Action,
    Listener,
    LoadBalancer,
    LoadBalancerAttributes,
    Matcher,
    TargetGroup,
    TargetGroupAttribute,
)
from troposphere.servicediscovery import PrivateDnsNamespace

from generator.config.settings import Settings
from generator.stacks.nesting import Value, Values
from generator.stacks.network import named

HTTP = 80


@dataclass(frozen=True)
class Inputs:
    """The network that cluster and load balancer stand in."""

    vpc_id: Value
    subnet_ids: Values
    tasks_security_group_id: Value


@dataclass(frozen=True)
class Outputs:
    """What services are attached to, and the address that people open."""

    cluster_name: Value
    namespace_id: Value
    target_group_arn: Value
    url: Value


def build(template: Template, settings: Settings, inputs: Inputs) -> Outputs:
    """Cluster: where Airflow's services run, with the load balancer that people reach them by."""
    cluster = template.add_resource(
        Cluster("Cluster", ClusterSettings=[ClusterSetting(Name="containerInsights", Value="disabled")])
    )
    namespace = template.add_resource(
        PrivateDnsNamespace(
            "Namespace",
            Name=settings.namespace,
            Vpc=inputs.vpc_id,
            Description=f"Names of {settings.stack_name}'s components",
        )
    )
    balancer, targets = _load_balancer(template, settings, inputs)
    return Outputs(
        cluster_name=Ref(cluster),
        namespace_id=Ref(namespace),
        target_group_arn=Ref(targets),
        url=_url(settings, balancer),
    )


def _url(settings: Settings, balancer: LoadBalancer) -> Value:
    if settings.service.base_url:
        return settings.service.base_url
    port = settings.service.port
    return Join("", ["http://", GetAtt(balancer, "DNSName"), "" if port == HTTP else f":{port}"])


def _load_balancer(template: Template, settings: Settings, inputs: Inputs) -> tuple[LoadBalancer, TargetGroup]:
    port = settings.service.webserver.port
    group = template.add_resource(_entrance(settings, inputs))
    template.add_resource(
        SecurityGroupIngress(
            "LoadBalancerToWebserver",
            Description="Load balancer to webserver",
            GroupId=inputs.tasks_security_group_id,
            SourceSecurityGroupId=Ref(group),
            IpProtocol="tcp",
            FromPort=port,
            ToPort=port,
        )
    )
    balancer = template.add_resource(
        LoadBalancer(
            "LoadBalancer",
            Scheme="internet-facing",
            Subnets=inputs.subnet_ids,
            SecurityGroups=[Ref(group)],
            LoadBalancerAttributes=[
                LoadBalancerAttributes(Key="routing.http.drop_invalid_header_fields.enabled", Value="true")
            ],
        )
    )
    targets = template.add_resource(
        TargetGroup(
            "WebserverTargets",
            VpcId=inputs.vpc_id,
            Port=port,
            Protocol="HTTP",
            TargetType="ip",
            HealthCheckPath="/api/v2/version",
            HealthCheckIntervalSeconds=15,
            HealthCheckTimeoutSeconds=10,
            HealthyThresholdCount=2,
            UnhealthyThresholdCount=5,
            Matcher=Matcher(HttpCode="200"),
            TargetGroupAttributes=[TargetGroupAttribute(Key="deregistration_delay.timeout_seconds", Value="30")],
        )
    )
    template.add_resource(
        Listener(
            "HttpListener",
            LoadBalancerArn=Ref(balancer),
            Port=settings.service.port,
            Protocol="HTTP",
            DefaultActions=[Action(Type="forward", TargetGroupArn=Ref(targets))],
        )
    )
    return balancer, targets


def _entrance(settings: Settings, inputs: Inputs) -> SecurityGroup:
    """Whoever is on the allow list may open the web interface; an empty list lets nobody in."""
    service = settings.service
    return SecurityGroup(
        "LoadBalancerSecurityGroup",
        GroupDescription=f"The load balancer of {settings.stack_name}",
        VpcId=inputs.vpc_id,
        SecurityGroupIngress=[
            {
                "IpProtocol": "tcp",
                "FromPort": service.port,
                "ToPort": service.port,
                "CidrIp": network,
                "Description": "whitelistedIPs",
            }
            for network in settings.whitelisted_ips
        ],
        SecurityGroupEgress=[
            {
                "IpProtocol": "tcp",
                "FromPort": service.webserver.port,
                "ToPort": service.webserver.port,
                "CidrIp": service.cidr_block,
                "Description": "Webserver",
            }
        ],
        Tags=named(settings, "load-balancer"),
    )

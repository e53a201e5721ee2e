"""The network: a VPC with public subnets, and the security group of Airflow's tasks."""

from dataclasses import dataclass

from troposphere import GetAZs, Ref, Select, Sub, Tags, Template
from troposphere.ec2 import (
    VPC,
    InternetGateway,
    Route,
    RouteTable,
    SecurityGroup,
    SecurityGroupIngress,
    Subnet,
    SubnetRouteTableAssociation,
    VPCGatewayAttachment,
)

from generator.airflow.components import components
from generator.config.settings import Settings
from generator.stacks.nesting import Value, Values, joined


@dataclass(frozen=True)
class Inputs:
    """The network needs nothing from other stacks."""


@dataclass(frozen=True)
class Outputs:
    """What the other stacks attach themselves to."""

    vpc_id: Value
    subnet_ids: Values
    tasks_security_group_id: Value


def build(template: Template, settings: Settings, inputs: Inputs) -> Outputs:  # noqa: ARG001
    """Network: a VPC with public subnets, its internet gateway, and the security group of Airflow's tasks."""
    vpc = template.add_resource(
        VPC(
            "Vpc",
            CidrBlock=settings.service.cidr_block,
            EnableDnsHostnames=True,
            EnableDnsSupport=True,
            Tags=named(settings, "vpc"),
        )
    )
    subnets = _public_subnets(template, settings, vpc)
    group = _tasks_security_group(template, settings, vpc)
    return Outputs(Ref(vpc), joined([Ref(subnet) for subnet in subnets]), Ref(group))


def named(settings: Settings, what: str) -> Tags:
    """The Name tag that the console shows."""
    return Tags(Name=f"{settings.stack_name}-{what}")


def _public_subnets(template: Template, settings: Settings, vpc: VPC) -> list[Subnet]:
    gateway = template.add_resource(InternetGateway("InternetGateway", Tags=named(settings, "internet")))
    attachment = template.add_resource(
        VPCGatewayAttachment("InternetGatewayAttachment", VpcId=Ref(vpc), InternetGatewayId=Ref(gateway))
    )
    table = template.add_resource(RouteTable("PublicRouteTable", VpcId=Ref(vpc), Tags=named(settings, "public")))
    template.add_resource(
        Route(
            "PublicRoute",
            RouteTableId=Ref(table),
            DestinationCidrBlock="0.0.0.0/0",
            GatewayId=Ref(gateway),
            DependsOn=attachment.title,
        )
    )
    subnets = []
    for index, (number, wanted) in enumerate(sorted(settings.public_subnet.items())):
        letter = wanted.availability_zone
        subnet = template.add_resource(
            Subnet(
                f"PublicSubnet{number}",
                VpcId=Ref(vpc),
                CidrBlock=wanted.cidr_block,
                AvailabilityZone=Sub(f"${{AWS::Region}}{letter}") if letter else Select(index, GetAZs("")),
                Tags=named(settings, f"public-{number}"),
            )
        )
        template.add_resource(
            SubnetRouteTableAssociation(f"PublicSubnet{number}Routes", SubnetId=Ref(subnet), RouteTableId=Ref(table))
        )
        subnets.append(subnet)
    return subnets


def _tasks_security_group(template: Template, settings: Settings, vpc: VPC) -> SecurityGroup:
    """Tasks reach each other on the API server's port (execution API) and the log ports, and nothing else."""
    group = template.add_resource(
        SecurityGroup(
            "TasksSecurityGroup",
            GroupDescription=f"Airflow tasks of {settings.stack_name}",
            VpcId=Ref(vpc),
            SecurityGroupEgress=[
                {"IpProtocol": "-1", "CidrIp": "0.0.0.0/0", "Description": "Whatever the DAGs need to reach"}
            ],
            Tags=named(settings, "tasks"),
        )
    )
    for component in components(settings):
        if component.serves_tasks and component.port:
            template.add_resource(
                SecurityGroupIngress(
                    f"TasksTo{component.title}",
                    Description=f"Tasks to {component.name}",
                    GroupId=Ref(group),
                    SourceSecurityGroupId=Ref(group),
                    IpProtocol="tcp",
                    FromPort=component.port,
                    ToPort=component.port,
                )
            )
    return group

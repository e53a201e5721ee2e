"""VPC endpoints: ways to AWS's services that do not leave AWS's network, nor need a way to the internet."""

from dataclasses import dataclass

from troposphere import Sub, Template
from troposphere.ec2 import VPCEndpoint

from generator.config.settings import Settings
from generator.logical_ids import logical_id
from generator.stacks import resource_policies
from generator.stacks.endpoint_services import GATEWAYS, interface_services, needed_services, service_name
from generator.stacks.nesting import Value, Values
from generator.stacks.network import named

# Services whose calls all bear the identity of who makes them. The channel of ECS Exec is opened with a token instead.
# https://docs.aws.amazon.com/vpc/latest/privatelink/vpc-endpoints-access.html
SIGNED = frozenset({"ecr.api", "ecr.dkr", "kms", "logs", "secretsmanager", "sqs", "ssm"})


@dataclass(frozen=True)
class Inputs:
    """The network, and the group that lets the components in."""

    vpc_id: Value
    route_table_ids: Values | None
    endpoint_subnet_ids: Values | None
    endpoints_security_group_id: Value | None


@dataclass(frozen=True)
class Outputs:
    """Nothing takes a value of it; the services wait for it."""


def build(template: Template, settings: Settings, inputs: Inputs) -> Outputs:
    """Endpoints: ways to AWS's services inside the network; the one of S3 costs nothing and is always there."""
    if inputs.route_table_ids is not None:
        for service in GATEWAYS:
            if service == "s3" or service in settings.network.endpoints:
                template.add_resource(_gateway(service, inputs))
    for service in interface_services(settings):
        template.add_resource(_interface(template, settings, service, inputs))
    return Outputs()


def _gateway(service: str, inputs: Inputs) -> VPCEndpoint:
    """Return a way in the route tables.

    S3's is open to every bucket: the layers of images are in buckets of AWS's own, fetched with addresses that AWS
    signed, and which other buckets a DAG reads is for the task roles to say.
    https://docs.aws.amazon.com/AmazonECR/latest/userguide/vpc-endpoints.html#ecr-setting-up-s3-gateway
    """
    return VPCEndpoint(
        f"{logical_id(service)}Endpoint",
        VpcEndpointType="Gateway",
        ServiceName=Sub(f"com.amazonaws.${{AWS::Region}}.{service}"),
        VpcId=inputs.vpc_id,
        RouteTableIds=inputs.route_table_ids,
    )


def _interface(template: Template, settings: Settings, service: str, inputs: Inputs) -> VPCEndpoint:
    """Return a way in subnets, found under the service's own name (private DNS).

    Those that Airflow itself needs take calls of this account alone. What service.yml names is for DAGs, which may
    have roles of other accounts: those are as open as AWS makes them.
    """
    endpoint = VPCEndpoint(
        f"{logical_id(service)}Endpoint",
        VpcEndpointType="Interface",
        ServiceName=service_name(template, service),
        VpcId=inputs.vpc_id,
        SubnetIds=inputs.endpoint_subnet_ids,
        SecurityGroupIds=[inputs.endpoints_security_group_id],
        PrivateDnsEnabled=True,
        Tags=named(settings, service.replace(".", "-")),
    )
    ours = service in needed_services(settings) and service not in settings.network.endpoints
    if ours and service in SIGNED:
        endpoint.PolicyDocument = resource_policies.document(
            resource_policies.call_from_this_account(service.partition(".")[0])
        )
    return endpoint

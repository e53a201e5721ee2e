"""Settings of the network: where tasks, database and broker stand, and how people reach the web interface."""

from collections.abc import Mapping
from ipaddress import IPv4Network
from typing import Annotated, Any, Literal

from pydantic import Field

from generator.config.fields import (
    AwsNetwork,
    Change,
    Line,
    Network,
    Port,
    Section,
    SubnetNumber,
    arn,
    example,
    setting,
)

SubnetId = Annotated[str, Field(pattern=r"^subnet-[0-9a-f]{8,17}$")]
RouteTableId = Annotated[str, Field(pattern=r"^rtb-[0-9a-f]{8,17}$")]
# https://docs.aws.amazon.com/vpc/latest/userguide/subnet-sizing.html
SMALLEST = 28


class Subnet(Section):
    """One subnet."""

    cidr_block: AwsNetwork = setting(..., "Addresses of the subnet, inside service.cidrBlock.", Change.REFUSED)
    availability_zone: str = setting(
        "",
        "The zone's letter; for none, AWS's order. Name those with Fargate where not all have it (us-west-1, Tokyo).",
        Change.REFUSED,
        pattern=r"^[a-z]?$",
        examples=["a"],
    )


class ExistingNetwork(Section):
    """A network that somebody else keeps (mode `existing`)."""

    vpc_id: str = setting(
        "", "The VPC.", Change.REFUSED, pattern=r"^(vpc-[0-9a-f]{8,17})?$", examples=["vpc-0123456789abcdef0"]
    )
    vpc_cidr: AwsNetwork | None = setting(None, "Its addresses.", Change.RESTART)
    task_subnet_ids: list[SubnetId] = setting([], "Subnets of the tasks.", Change.RESTART, max_length=16)
    load_balancer_subnet_ids: list[SubnetId] = setting(
        [], "Subnets of the load balancer, in two zones or more.", Change.IN_PLACE, max_length=16
    )
    database_subnet_ids: list[SubnetId] = setting(
        [], "Subnets of database and broker, in two zones or more; more may be added.", Change.REFUSED, max_length=16
    )
    assign_public_ip: bool = setting(
        False, "Tasks get public addresses: for subnets with an internet gateway and no NAT.", Change.RESTART,
        "$0.12 a day for each task",
    )  # fmt: skip
    create_endpoints: bool = setting(
        False,
        "Make the VPC endpoints of the isolated mode in it; it must have none of them yet.",
        Change.IN_PLACE,
        "as network.mode isolated",
    )
    route_table_ids: list[RouteTableId] = setting(
        [], "Route tables of taskSubnetIds, which the endpoint of S3 is entered into.", Change.IN_PLACE
    )


class Egress(Section):
    """Outbound connections that users' code may open."""

    cidr_block: Network = setting(..., "To which addresses.", Change.IN_PLACE)
    port: Port = setting(..., "To which TCP port.", Change.IN_PLACE)


class NetworkSettings(Section):
    """Where everything stands, and which way leads out."""

    mode: Literal["public", "private", "isolated", "existing"] = setting(
        "public",
        "`public`: tasks have public addresses, and nobody can connect to them. `private`: tasks reach the internet by"
        " NAT. `isolated`: no way to the internet; AWS by VPC endpoints. `existing`: a network you have.",
        Change.REFUSED,
        "public: $0.12 a day for each task; private: about $1.1 a day for each NAT; isolated: about $0.24 a day for"
        " each endpoint and zone",
    )
    nat_gateways: Literal["one", "perZone"] = setting(
        "one", "In mode private: one NAT gateway, or one in each zone.", Change.IN_PLACE, "about $1.1 a day each"
    )
    endpoint_zones: Literal["one", "all"] = setting(
        "one",
        "VPC endpoints in one zone or in each (mode existing: with `all`, one task subnet a zone).",
        Change.IN_PLACE,
        "about $0.24 a day for each endpoint and zone",
    )
    endpoints: list[Annotated[str, Field(pattern=r"^[a-z0-9-]+(\.[a-z0-9-]+)*$")]] = setting(
        [], "More AWS services that DAGs call, for which there shall be endpoints, as `athena`.", Change.IN_PLACE,
        "about $0.24 a day for each and zone",
    )  # fmt: skip
    flow_logs: bool = setting(False, "Log every connection in the network.", Change.IN_PLACE, "$0.50 a GB of logs")
    egress: list[Egress] | None = Field(
        None,
        max_length=50,
        description="What users' code may connect to, beside AWS and Airflow itself; without it: anything that the"
        " route tables allow.",
    )
    existing: ExistingNetwork = ExistingNetwork()


class LoadBalancerSettings(Section):
    """The load balancer in front of the web interface."""

    scheme: Literal["auto", "internet-facing", "internal"] = setting(
        "auto", "`auto`: internal in mode isolated, internet-facing otherwise.", Change.REPLACEMENT,
        "internet-facing: $0.12 a day for the public address in each zone",
    )  # fmt: skip
    idle_timeout: int = setting(
        60,
        "Seconds until a silent connection is closed; the web server closes its own after 120.",
        Change.IN_PLACE,
        ge=1,
        le=119,
    )
    access_logs: bool = setting(False, "Write every request to a bucket.", Change.IN_PLACE, "storage of the logs")


class Https(Section):
    """HTTPS: a certificate you have, or one made for a name in a zone you have (Route 53)."""

    certificate_arn: str = setting(
        "",
        "Certificate (ACM) to use, of the same region.",
        Change.IN_PLACE,
        pattern=arn("acm", r"certificate/[\w-]+"),
        examples=example("acm", "certificate/1234abcd-12ab-34cd-56ef-1234567890ab"),
    )
    domain_name: Line = setting(
        "", "Name that people open; a record for it is made where hostedZoneId is given.", Change.REPLACEMENT,
        pattern=r"^([a-z0-9]([a-z0-9-]*[a-z0-9])?(\.[a-z0-9]([a-z0-9-]*[a-z0-9])?)+)?$",
        examples=["airflow.example.com"],
    )  # fmt: skip
    hosted_zone_id: str = setting(
        "", "Zone in which the record, and without certificateArn a certificate, is made.", Change.REPLACEMENT,
        pattern=r"^(Z[A-Z0-9]+)?$",
        examples=["Z0123456789ABCDEFGHIJ"],
    )  # fmt: skip

    @property
    def enabled(self) -> bool:
        """Whether people open an https address."""
        return bool(self.certificate_arn or self.hosted_zone_id)


def default_subnets(kind: int, validated: Mapping[str, Any]) -> dict[SubnetNumber, Subnet]:
    """Two subnets inside service.cidrBlock: of 256 addresses, or an eighth of a small network each.

    `kind` is 0 for public and 1 for private ones; `validated` holds the settings read so far.
    """
    network = IPv4Network(validated["service"].cidr_block)
    length, first = (24, 10 * kind) if network.prefixlen <= 20 else (network.prefixlen + 3, 4 * kind)
    parts = list(network.subnets(new_prefix=max(network.prefixlen, min(length, SMALLEST))))
    # In a network too small for four, the same comes again: the rules find that they overlap.
    one, two = (str(parts[(first + step) % len(parts)]) for step in (0, 1))
    return {"1": Subnet(cidr_block=one), "2": Subnet(cidr_block=two)}

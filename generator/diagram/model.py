"""The architecture as an engineer sees it: frozen data, in the words that are drawn."""

from dataclasses import dataclass
from enum import StrEnum

ENDPOINTS, QUEUES = "endpoints", "queues"
"""Keys of all interface endpoints together, and of the SQS queues, as targets of a `Reach`."""


class Tier(StrEnum):
    """What a subnet's routes make of it, in the order from the internet inwards."""

    PUBLIC = "Public"
    PRIVATE = "Private"
    ISOLATED = "Isolated"
    EXISTING = "Existing"
    """Its routes are somebody else's: the templates know its id alone."""


@dataclass(frozen=True)
class Subnet:
    """One subnet. `zone` and `cidr` are empty where only AWS knows them."""

    key: str
    name: str
    tier: Tier
    zone: str = ""
    cidr: str = ""


@dataclass(frozen=True)
class Network:
    """The VPC with its ways out; `existing` when the templates do not make it."""

    name: str = ""
    cidr: str = ""
    existing: bool = False
    internet_gateway: bool = False
    subnets: tuple[Subnet, ...] = ()
    nat_subnets: tuple[str, ...] = ()
    """Keys of the subnets that NAT gateways stand in, one for each."""


@dataclass(frozen=True)
class LoadBalancer:
    """What people connect to. `allowed` are the networks that its security groups let in."""

    key: str
    name: str
    lines: tuple[str, ...]
    entrance: str
    """Protocol and port that people use, as `HTTPS 443`."""
    allowed: tuple[str, ...]
    subnets: tuple[str, ...]


@dataclass(frozen=True)
class Service:
    """One ECS service. `is_worker`: it runs Celery workers, of which there may be several groups."""

    key: str
    name: str
    size: str
    tasks: str
    capacity: str
    is_worker: bool
    ports: tuple[int, ...]
    subnets: tuple[str, ...]
    public_address: bool


class Kind(StrEnum):
    """What a store is for."""

    DATABASE = "database"
    BROKER = "broker"


@dataclass(frozen=True)
class Store:
    """A database or a broker inside the network."""

    key: str
    kind: Kind
    name: str
    lines: tuple[str, ...]
    subnets: tuple[str, ...]


@dataclass(frozen=True)
class Endpoint:
    """A VPC endpoint: a way to one AWS service (`name`, as `ecr.api`) that does not leave AWS's network."""

    name: str
    gateway: bool


@dataclass(frozen=True)
class Regional:
    """An AWS service outside of the VPC that is used, and the endpoints that lead to it."""

    key: str
    name: str
    lines: tuple[str, ...]
    endpoints: tuple[Endpoint, ...] = ()


@dataclass(frozen=True)
class Reach:
    """One thing may connect to another; `label` says by which protocol and port."""

    source: str
    target: str
    label: str


@dataclass(frozen=True)
class Architecture:
    """Everything in the picture."""

    title: str
    network: Network
    load_balancers: tuple[LoadBalancer, ...] = ()
    services: tuple[Service, ...] = ()
    stores: tuple[Store, ...] = ()
    regional: tuple[Regional, ...] = ()
    reaches: tuple[Reach, ...] = ()

    @property
    def endpoints(self) -> tuple[Endpoint, ...]:
        """Every VPC endpoint, in the order of the services that they lead to."""
        return tuple(endpoint for service in self.regional for endpoint in service.endpoints)

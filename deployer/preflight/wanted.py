"""What an environment wants of account and region, as plain data: whoever knows the settings fills it in."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field


@dataclass(frozen=True)
class Database:
    """The metadata database. `instances` is how many there are, `zones` in how many zones they stand.

    `version` is a major one, or one in full; `snapshot` is what a new one starts from; `storage` is in GiB, and 0 for
    Aurora, which has none to choose.
    """

    engine: str
    version: str
    family: str
    instance_class: str
    instances: int = 1
    zones: int = 1
    storage: int = 0
    snapshot: str = ""

    @property
    def aurora(self) -> bool:
        """Whether it is a cluster of Aurora."""
        return self.engine.startswith("aurora")


@dataclass(frozen=True)
class Broker:
    """The broker's server."""

    engine: str
    version: str
    node_type: str


@dataclass(frozen=True)
class Existing:
    """A network that somebody else keeps. `endpoints` are the services whose endpoints are made in it."""

    vpc: str
    cidr: str
    tasks: Sequence[str]
    load_balancer: Sequence[str]
    database: Sequence[str]
    route_tables: Sequence[str] = ()


@dataclass(frozen=True)
class Vcpus:
    """vCPUs of the tasks after the first deploy, and at full scale."""

    first: float = 0
    most: float = 0


@dataclass(frozen=True)
class Wanted:
    """All that is wanted. `stack` is the root's name, `scales` whether the number of tasks changes by itself.

    `zones` are letters (`a`), as many as subnets of a kind are made, or empty texts where AWS chooses; there are none
    in an `existing` network. `addresses` counts elastic IP addresses. `endpoints` are full names of endpoint services,
    by what the settings call them, and `endpoint_zones` says in how many zones they stand; `gateways` are full names of
    those that are entered in route tables. `secrets` are ARNs by the key of the settings that names them. `image` is a
    reference that was named; `boundary` the ARN or name of a policy.
    """

    stack: str
    zones: Sequence[str] = ()
    addresses: int = 0
    database: Database | None = None
    broker: Broker | None = None
    existing: Existing | None = None
    on_demand: Vcpus = Vcpus()
    spot: Vcpus = Vcpus()
    endpoints: Mapping[str, str] = field(default_factory=dict)
    endpoint_zones: int = 1
    gateways: Sequence[str] = ()
    certificate: str = ""
    domain: str = ""
    hosted_zone: str = ""
    secrets: Mapping[str, str] = field(default_factory=dict)
    image: str = ""
    boundary: str = ""
    scales: bool = False

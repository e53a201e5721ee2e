"""Kinds of networks, and what is to be true in each of them of who reaches whom."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from itertools import product
from typing import Any

from generator.config.environments import merge
from generator.config.settings import Settings
from generator.render import render
from tests.models import owners_network as owners
from tests.models.reachability import BALANCER, BROKER, DATABASE, World
from tests.models.resources import Place, Resource, resources

MINIMUM: Mapping[str, Any] = {"environment": "dev", "serviceName": "air", "owner": "data"}
ALLOWED, STRANGER = "203.0.113.5", "198.51.100.5"
# Who connects to whom, and on which port: Airflow's own needs, written down apart from the generator's list.
PORTS = {
    "webserver": 8080,
    "workers": 8793,
    "workers-heavy": 9793,
    "triggerer": 8794,
    "flower": 5555,
    DATABASE: 5432,
    BROKER: 6379,
}
NEEDS: Mapping[str, frozenset[str]] = {
    "webserver": frozenset({DATABASE, "workers", "workers-heavy", "triggerer"}),
    "scheduler": frozenset({DATABASE, BROKER}),
    "dag-processor": frozenset({DATABASE}),
    "triggerer": frozenset({DATABASE}),
    "workers": frozenset({DATABASE, BROKER, "webserver"}),
    "workers-heavy": frozenset({DATABASE, BROKER, "webserver"}),
    "flower": frozenset({BROKER}),
    BALANCER: frozenset({"webserver", "flower"}),
}
USERS_CODE = {"dag-processor", "triggerer", "workers", "workers-heavy"}
# To start a task (image, log, secrets), to open a shell in it, and what Airflow itself calls.
SERVICES = {"ecr.api", "ecr.dkr", "s3", "logs", "secretsmanager", "ssmmessages"}
QUEUED = {"scheduler", "workers", "workers-heavy"}
TRIED = sorted({*PORTS.values(), 1, 22, 80, 443, 3306, 65535})


@dataclass(frozen=True)
class Network:
    """A kind of network: what service.yml says, and what is to be true of it."""

    overrides: Mapping[str, Any]
    way_out: bool = True
    facing: bool = True
    public_tasks: bool = False
    given: tuple[Resource, ...] = ()


def _existing(way: owners.Way, **more: Any) -> dict[str, Any]:
    inner = list(owners.PUBLIC if way == "gateway" else owners.INNER)
    theirs = {
        "vpcId": owners.VPC,
        "vpcCidr": "10.9.0.0/16",
        "taskSubnetIds": inner,
        "loadBalancerSubnetIds": list(owners.PUBLIC),
        "databaseSubnetIds": list(owners.INNER),
    }
    return {"network": {"mode": "existing", "existing": {**theirs, **more}}}


def _given(way: owners.Way) -> tuple[Resource, ...]:
    return tuple(owners.owners_network("none" if way == "gateway" else way))


NETWORKS = {
    "public": Network({}, public_tasks=True),
    "public-internal": Network({"loadBalancer": {"scheme": "internal"}}, public_tasks=True, facing=False),
    "private-one": Network({"network": {"mode": "private"}}),
    "private-per-zone": Network({"network": {"mode": "private", "natGateways": "perZone"}}),
    "isolated": Network({"network": {"mode": "isolated"}}, way_out=False, facing=False),
    "isolated-facing": Network(
        {"network": {"mode": "isolated", "endpointZones": "all"}, "loadBalancer": {"scheme": "internet-facing"}},
        way_out=False,
    ),
    "existing-nat": Network(_existing("nat"), given=_given("nat")),
    "existing-public": Network(
        _existing("gateway", assignPublicIp=True), given=_given("gateway"), public_tasks=True
    ),
    "existing-endpoints": Network(
        _existing("none", createEndpoints=True, routeTableIds=[owners.INNER_TABLE]), given=_given("none"), way_out=False
    ),
}  # fmt: skip


@dataclass(frozen=True)
class Scenario:
    """A deployment in a kind of network."""

    network: Network
    broker: str = "valkey"
    flower: bool = False
    more: Mapping[str, Any] = field(default_factory=dict)
    doors: frozenset[int] = frozenset({80})
    place: Place = field(default_factory=Place)

    @property
    def listening(self) -> set[int]:
        """Ports of the load balancer."""
        return {*self.doors, *({PORTS["flower"]} if self.flower else set())}

    def settings(self) -> Settings:
        """What service.yml says."""
        heavy = {"workerGroups": {"heavy": {"port": PORTS["workers-heavy"]}}}
        own = {
            "whitelistedIPs": ["203.0.113.0/24"],
            "celeryBackend": {"engine": self.broker},
            "service": {"flower": {"enabled": self.flower}, **heavy},
        }
        wanted: dict[str, Any] = {}
        for layer in (dict(MINIMUM), own, dict(self.network.overrides), dict(self.more)):
            wanted = merge(wanted, layer)
        return Settings.model_validate(wanted)

    def files(self) -> dict[str, str]:
        """The rendered templates."""
        return render(self.settings())

    def world(self, files: dict[str, str] | None = None) -> World:
        """The network of the templates, or of others in their place."""
        found = resources(files or self.files(), self.place)
        return World([*found, *self.network.given], self.place)


def problems(world: World, scenario: Scenario) -> Iterable[str]:
    """Everything that is not as it should be."""
    for part in (_inwards, inside, services, _outwards):
        yield from part(world, scenario)


def _components(world: World) -> list[str]:
    return [name for name in world.things if name not in (DATABASE, BROKER, BALANCER)]


def _needed(world: World) -> set[tuple[str, str, int]]:
    wanted = {(one, other, PORTS[other]) for one, others in NEEDS.items() for other in others}
    here = {(one, other, port) for one, other, port in wanted if {one, other} <= set(world.things)}
    return here | {(name, door, 443) for name, door in product(_components(world), world.doors)}


def inside(world: World, scenario: Scenario) -> Iterable[str]:
    """What is wrong between what stands in the network."""
    expected = {"webserver", "scheduler", "dag-processor", "triggerer", "workers", "workers-heavy", DATABASE, BALANCER}
    expected |= {"flower"} if scenario.flower else set()
    expected |= {BROKER} if scenario.broker != "sqs" else set()
    if set(world.things) != expected:
        yield f"there are {sorted(world.things)}"
    needed = _needed(world)
    every = {**world.things, **world.doors}
    for (one, source), (other, target) in product(every.items(), every.items()):
        wanted = {port for port in TRIED if (one, other, port) in needed}
        for port in sorted(wanted - world.ports(source, target, TRIED, surely=True)):
            yield f"{one} does not reach {other} on {port}"
        for port in sorted(world.ports(source, target, TRIED, surely=False) - wanted):
            yield f"{one} reaches {other} on {port}"
    for name, port in PORTS.items():
        if name in world.things and port not in world.things[name].ports:
            yield f"{name} does not listen on {port}"


def services(world: World, scenario: Scenario) -> Iterable[str]:
    """What is wrong with the ways to AWS's services."""
    for name in _components(world):
        sqs = {"sqs"} if scenario.broker == "sqs" and name in QUEUED else set()
        for service in sorted(SERVICES | sqs):
            if not world.service(world.things[name], service):
                yield f"{name} does not reach AWS's {service}"


def _outwards(world: World, scenario: Scenario) -> Iterable[str]:
    """What is wrong with the ways to the internet."""
    for name, thing in world.things.items():
        if not scenario.network.way_out and name != BALANCER and world.led_out(thing):
            yield f"a route leads {name} out"
        for port in TRIED:
            if scenario.network.way_out and (
                name in USERS_CODE or (name in NEEDS and name != BALANCER and port == 443)
            ):
                if not world.internet(thing, port, surely=True):
                    yield f"{name} does not reach the internet on {port}"
            elif world.internet(thing, port, surely=False):
                yield f"{name} reaches the internet on {port}"
    closed = {name: one for name, one in world.things.items() if name in (DATABASE, BROKER)} | world.doors
    for name, thing in closed.items():
        if not world.opens_nothing(thing):
            yield f"{name} may open connections"


def _inwards(world: World, scenario: Scenario) -> Iterable[str]:
    """What is wrong with who comes in: the allow list reaches the load balancer, and nobody anything else."""
    balancer = world.things[BALANCER]
    if balancer.ports != scenario.listening:
        yield f"the load balancer listens on {sorted(balancer.ports)}"
    for port in sorted({*TRIED, *balancer.ports}):
        comes_in = world.from_internet(balancer, port, ALLOWED, surely=scenario.network.facing)
        if comes_in != (scenario.network.facing and port in scenario.listening):
            yield f"the allow list in the internet: {comes_in} on {port}"
        if world.from_beside(balancer, port, ALLOWED) != (port in scenario.listening):
            yield f"the allow list beside the network on {port}"
        if world.from_internet(balancer, port, STRANGER, surely=False) or world.from_beside(balancer, port, STRANGER):
            yield f"a stranger reaches the load balancer on {port}"
    leads = {port: world.behind(port) for port in scenario.listening}
    wanted = {"webserver", "flower"} if scenario.flower else {"webserver"}
    if {name for name in leads.values() if name} != wanted:
        yield f"the load balancer leads to {leads}"
    for name, thing in {**world.things, **world.doors}.items():
        if name != BALANCER and (networks := world.networks_admitted(thing)):
            yield f"{name} is open to {sorted(networks)}"
        public = scenario.network.facing if name == BALANCER else scenario.network.public_tasks and name in NEEDS
        if {one.public for one in thing.interfaces} != {public}:
            yield f"{name}: public addresses are not {public}"

"""Rules of the network: zones and subnets, and what a network of somebody else must tell."""

from collections.abc import Mapping
from ipaddress import IPv4Network
from itertools import combinations

from generator.config.fields import SubnetNumber
from generator.config.findings import Found, Level, rule
from generator.config.networking import Subnet
from generator.config.rules.tasks import tasks
from generator.config.settings import Settings
from generator.config.source import KeyPath

# https://docs.aws.amazon.com/vpc/latest/userguide/subnet-sizing.html
KEPT_BY_AWS = 5
# https://docs.aws.amazon.com/elasticloadbalancing/latest/application/application-load-balancers.html#subnets-load-balancer
SMALLEST_OF_A_LOAD_BALANCER = 27
# https://datatracker.ietf.org/doc/html/rfc1918 and https://datatracker.ietf.org/doc/html/rfc6598
PRIVATE = tuple(IPv4Network(text) for text in ("10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "100.64.0.0/10"))
Kind = Mapping[SubnetNumber, Subnet]


def kinds(settings: Settings) -> dict[str, Kind]:
    """The subnets that are made, by the key of service.yml."""
    public: dict[str, Kind] = {"publicSubnet": settings.public_subnet}
    private: dict[str, Kind] = {"privateSubnet": settings.private_subnet}
    match settings.network.mode:
        case "public":
            return public
        case "private":
            return public | private
        case "isolated":
            return public | private if settings.internet_facing else private
        case _:
            return {}


def _networks(settings: Settings) -> dict[KeyPath, IPv4Network]:
    return {
        (key, number, "cidrBlock"): IPv4Network(subnet.cidr_block)
        for key, subnets in kinds(settings).items()
        for number, subnet in subnets.items()
    }


@rule(Level.ERROR)
def subnet_outside(settings: Settings) -> Found:
    """A subnet's addresses are not inside service.cidrBlock."""
    whole = IPv4Network(settings.service.cidr_block)
    for path, network in _networks(settings).items():
        if not network.subnet_of(whole):
            yield path, f"{network} lies outside service.cidrBlock ({whole}); write one inside, or widen that"


@rule(Level.ERROR)
def subnets_overlap(settings: Settings) -> Found:
    """Two subnets share addresses."""
    for (path, one), (other_path, other) in combinations(_networks(settings).items(), 2):
        if one.overlaps(other):
            yield other_path, f"{other} overlaps {'.'.join(map(str, path[:2]))} ({one}); give each its own addresses"


@rule(Level.ERROR)
def zones_half_named(settings: Settings) -> Found:
    """Some subnets have an availabilityZone and some not: AWS's order may name a letter again."""
    every = {
        (key, number): subnet.availability_zone
        for key, subnets in kinds(settings).items()
        for number, subnet in subnets.items()
    }
    if any(every.values()):
        for (key, number), letter in every.items():
            if not letter:
                what = "has no availabilityZone, and others have one; write the letter of all or of none"
                yield (key, number), what


@rule(Level.ERROR)
def zone_twice(settings: Settings) -> Found:
    """Two subnets of a kind stand in one zone."""
    for key, subnets in kinds(settings).items():
        for (one, first), (other, second) in combinations(subnets.items(), 2):
            if first.availability_zone and first.availability_zone == second.availability_zone:
                what = f"zone {second.availability_zone} is that of {key}.{one}, too; give each a letter of its own"
                yield (key, other, "availabilityZone"), what


@rule(Level.ERROR)
def subnets_unpaired(settings: Settings) -> Found:
    """Public and private subnets of one number do not stand in one zone, or a number is missing."""
    made = kinds(settings)
    if len(made) < 2:
        return
    public, private = made["publicSubnet"], made["privateSubnet"]
    for number in sorted({*public} ^ {*private}):
        missing = "private" if number in public else "public"
        what = f"there is no {missing}Subnet.{number}; in this mode subnets go in pairs of one number, one pair a zone"
        yield (f"{missing}Subnet",), what
    for number in sorted({*public} & {*private}):
        letters = public[number].availability_zone, private[number].availability_zone
        if all(letters) and letters[0] != letters[1]:
            what = f"zone {letters[1]} is not that of publicSubnet.{number} ({letters[0]}); pairs stand in one zone"
            yield ("privateSubnet", number, "availabilityZone"), what


@rule(Level.ERROR)
def subnet_small_for_load_balancer(settings: Settings) -> Found:
    """The load balancer stands in a subnet smaller than AWS takes."""
    made = kinds(settings)
    key = "publicSubnet" if settings.internet_facing or settings.network.mode == "public" else "privateSubnet"
    for number, subnet in made.get(key, {}).items():
        if IPv4Network(subnet.cidr_block).prefixlen > SMALLEST_OF_A_LOAD_BALANCER:
            what = f"{subnet.cidr_block} is too small for a load balancer; AWS takes /{SMALLEST_OF_A_LOAD_BALANCER}"
            yield (key, number, "cidrBlock"), f"{what} and larger"


@rule(Level.WARNING)
def addresses_run_out(settings: Settings) -> Found:
    """At full scale there may be more tasks than free addresses in their subnets."""
    made = kinds(settings)
    key = "publicSubnet" if settings.network.mode == "public" else "privateSubnet"
    if key in made:
        free = sum(IPv4Network(subnet.cidr_block).num_addresses - KEPT_BY_AWS for subnet in made[key].values())
        # A deployment starts the new tasks beside the old ones.
        wanted = 2 * sum(task.most for task in tasks(settings).values())
        if wanted > free:
            yield (key,), f"{wanted} tasks during a deployment at full scale, and {free} addresses; use larger subnets"


@rule(Level.WARNING)
def network_not_private(settings: Settings) -> Found:
    """service.cidrBlock holds addresses that belong to others in the internet."""
    network = IPv4Network(settings.service.cidr_block)
    if settings.own_network and not any(network.subnet_of(private) for private in PRIVATE):
        what = f"{network} belongs to others in the internet, who cannot be reached then; use one inside 10.0.0.0/8"
        yield ("service", "cidrBlock"), what


@rule(Level.ERROR)
def existing_network_incomplete(settings: Settings) -> Found:
    """Mode existing, and network.existing does not say all that is needed."""
    if settings.own_network:
        return
    given = settings.network.existing
    needed: dict[str, tuple[int, int, str]] = {
        "vpcId": (int(bool(given.vpc_id)), 1, "the VPC's id"),
        "vpcCidr": (int(bool(given.vpc_cidr)), 1, "the VPC's addresses"),
        "taskSubnetIds": (len(given.task_subnet_ids), 1, "one subnet or more; two zones outlive the loss of one"),
        "loadBalancerSubnetIds": (len(given.load_balancer_subnet_ids), 2, "subnets in two zones or more"),
        "databaseSubnetIds": (len(given.database_subnet_ids), 2, "subnets in two zones or more"),
    }
    if given.create_endpoints:
        needed["routeTableIds"] = (len(given.route_table_ids), 1, "the route tables that S3's endpoint is entered into")
    for key, (there, least, what) in needed.items():
        if there < least:
            yield ("network", "existing", key), f"is missing in mode existing; write {what}"


@rule(Level.ERROR)
def subnet_listed_twice(settings: Settings) -> Found:
    """A list of existing subnets or route tables names one of them twice."""
    given = settings.network.existing
    lists = {
        "taskSubnetIds": given.task_subnet_ids,
        "loadBalancerSubnetIds": given.load_balancer_subnet_ids,
        "databaseSubnetIds": given.database_subnet_ids,
        "routeTableIds": given.route_table_ids,
    }
    for key, ids in lists.items():
        for index, one in enumerate(ids):
            if one in ids[:index]:
                yield ("network", "existing", key, index), f"{one} is listed already; remove this one"


@rule(Level.ERROR)
def image_out_of_reach(settings: Settings) -> Found:
    """Mode isolated, and the image is in a registry outside of AWS."""
    image = settings.airflow.image
    if settings.network.mode == "isolated" and image and ".dkr.ecr." not in image:
        what = "cannot be pulled in mode isolated, from where only Amazon ECR is reached; push the image there"
        yield ("airflow", "image"), what

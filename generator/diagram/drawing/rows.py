"""Which tier of subnets stands above which, and what stands in it."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from generator.diagram.model import Architecture, LoadBalancer, Store, Subnet, Tier

MOST_COLUMNS = 4  # of subnets whose zones nobody knows


@dataclass(frozen=True)
class Row:
    """One tier of subnets, by columns (zones, where they are known), and what spans it."""

    columns: tuple[tuple[Subnet, ...], ...]
    balancers: tuple[LoadBalancer, ...] = ()
    has_services: bool = False
    stores: tuple[Store, ...] = ()

    @property
    def keys(self) -> set[str]:
        """Keys of its subnets."""
        return {subnet.key for column in self.columns for subnet in column}


def zones(subnets: Iterable[Subnet]) -> list[str]:
    """Zones by name."""
    return sorted({subnet.zone for subnet in subnets} - {""})


def rows(architecture: Architecture) -> list[Row]:
    """Rows from the internet inwards, those of stores alone last: services are above what they reach.

    What names no subnet that is known stands in the innermost row.
    """
    subnets = architecture.network.subnets
    in_services = tuple(dict.fromkeys(key for service in architecture.services for key in service.subnets))
    users = [
        *(balancer.subnets for balancer in architecture.load_balancers),
        in_services,
        *(store.subnets for store in architecture.stores),
    ]
    names = zones(subnets)
    found = [Row(_columns(group, names)) for group in _groups(subnets, users)] or [Row(())]

    def home(keys: Sequence[str]) -> int:
        places = (place for place, row in enumerate(found) for key in keys[:1] if key in row.keys)
        return next(places, len(found) - 1)

    filled = [
        Row(
            row.columns,
            tuple(one for one in architecture.load_balancers if home(one.subnets) == place),
            bool(architecture.services) and home(in_services) == place,
            tuple(one for one in architecture.stores if home(one.subnets) == place),
        )
        for place, row in enumerate(found)
    ]
    return sorted(filled, key=lambda row: bool(row.stores) and not (row.has_services or row.balancers))


def _groups(subnets: Iterable[Subnet], users: Sequence[Sequence[str]]) -> list[list[Subnet]]:
    """Subnets of one tier together; of an existing network, those that are first used by the same thing."""
    tiers = list(Tier)
    groups: dict[tuple[int, int], list[Subnet]] = {}
    for subnet in subnets:
        user = next((place for place, keys in enumerate(users) if subnet.key in keys), len(users))
        key = tiers.index(subnet.tier), user if subnet.tier is Tier.EXISTING else 0
        groups.setdefault(key, []).append(subnet)
    return [groups[key] for key in sorted(groups)]


def _columns(subnets: Sequence[Subnet], names: Sequence[str]) -> tuple[tuple[Subnet, ...], ...]:
    if any(subnet.zone for subnet in subnets):
        return tuple(tuple(subnet for subnet in subnets if subnet.zone == name) for name in names)
    number = min(len(subnets), MOST_COLUMNS)
    return tuple(tuple(subnets[column::number]) for column in range(number))

"""Where: a region with zones enough."""

from __future__ import annotations

from collections.abc import Iterator

from deployer.preflight.findings import Finding, error
from deployer.preflight.place import Place


def zones(place: Place) -> Iterator[Finding]:
    """The availability zones."""
    wanted = place.wanted.zones
    there = place.zones if wanted else ()
    if place.named_zones:
        for letter in wanted:
            name = f"{place.aws.region}{letter}"
            if name not in there:
                offered = ", ".join(zone.removeprefix(place.aws.region) for zone in there)
                yield error("availabilityZone", f"there is no zone {name} for this account", f"choose among {offered}")
    elif len(there) < len(wanted):
        what = f"{place.aws.region} has {len(there)} zones for this account, and subnets stand in {len(wanted)}"
        yield error("publicSubnet", what, "write fewer subnets, or choose another region")

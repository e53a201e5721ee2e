"""Whether the services that shall be reached by endpoints offer them here, and in our zones."""

from __future__ import annotations

from collections.abc import Iterator

from deployer.preflight.findings import Finding, error, warning
from deployer.preflight.place import Place


def endpoints(place: Place) -> Iterator[Finding]:
    """The VPC endpoints' services.

    https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_DescribeVpcEndpointServices.html
    """
    wanted = place.wanted.endpoints
    if not wanted:
        return
    # A filter, since asking by names fails as a whole for one that is not there.
    named = [{"Name": "service-name", "Values": sorted(wanted.values())}]
    pages = place.aws.ec2.get_paginator("describe_vpc_endpoint_services").paginate(
        Filters=named  # type: ignore[arg-type]
    )
    offered = {one.get("ServiceName"): one for page in pages for one in page["ServiceDetails"]}
    needed = place.endpoint_zones
    for service, name in sorted(wanted.items()):
        if name not in offered:
            what = f"{service} has no endpoint service {name} in {place.aws.region}"
            yield error("network.endpoints", what, "take it out, or choose a mode with a way to the internet")
            continue
        missing = sorted(set(needed) - set(offered[name].get("AvailabilityZones", needed)))
        if missing:
            what = f"{name} is not offered in {', '.join(missing)}"
            todo = "name zones that have it (availabilityZone of the subnets)"
            if place.wanted.existing:
                todo = "list subnets in zones that have it (first) in taskSubnetIds"
            # Where AWS chooses the zones, its order is an assumption of ours.
            say = error if place.named_zones or place.wanted.existing else warning
            yield say("network.endpoints", what, todo)

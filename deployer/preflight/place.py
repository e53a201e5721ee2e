"""The account and the region as they answer. What several checks need is asked for once."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cached_property
from typing import TYPE_CHECKING

from deployer.aws import Aws, Identity
from deployer.cloudformation import stacks
from deployer.preflight.wanted import Wanted

if TYPE_CHECKING:
    from mypy_boto3_ec2.type_defs import SubnetTypeDef


class Place:
    """Where it shall be deployed. What it is asked raises what botocore raises."""

    def __init__(self, aws: Aws, wanted: Wanted) -> None:
        self.aws, self.wanted = aws, wanted

    @cached_property
    def identity(self) -> Identity:
        """Who asks."""
        return self.aws.identity()

    @cached_property
    def is_new(self) -> bool:
        """Whether the environment is yet to be created: what it needs is not there, and counts in no quota."""
        stack = stacks.find(self.aws, self.wanted.stack)
        return stack is None or stack.status in {"REVIEW_IN_PROGRESS", "ROLLBACK_COMPLETE"}

    @cached_property
    def zones(self) -> tuple[str, ...]:
        """The region's availability zones that can be used, in order of name.

        Local and Wavelength zones, to which an account can opt in, are none of them.
        https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_DescribeAvailabilityZones.html
        """
        usual = [
            {"Name": "zone-type", "Values": ["availability-zone"]},
            {"Name": "state", "Values": ["available"]},
        ]
        found = self.aws.ec2.describe_availability_zones(Filters=usual)["AvailabilityZones"]  # type: ignore[arg-type]
        return tuple(sorted(zone["ZoneName"] for zone in found if "ZoneName" in zone))

    @property
    def named_zones(self) -> bool:
        """Whether the settings name the zones."""
        return any(self.wanted.zones)

    @cached_property
    def chosen_zones(self) -> tuple[str, ...]:
        """The zones that the subnets will stand in; none where that is not ours to choose.

        Where the settings name none, this is a guess: `Fn::GetAZs` leaves out zones without a default subnet (unless
        no zone has one), and its order is not guaranteed.
        https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/intrinsic-function-reference-getavailabilityzones.html
        """
        if self.named_zones:
            return tuple(f"{self.aws.region}{letter}" for letter in self.wanted.zones)
        return self.zones[: len(self.wanted.zones)]

    @cached_property
    def subnets(self) -> Mapping[str, SubnetTypeDef]:
        """The subnets of an `existing` network that are there, by id."""
        wanted = self.wanted.existing
        every = sorted({*wanted.tasks, *wanted.load_balancer, *wanted.database}) if wanted else []
        # A filter, since asking by ids fails as a whole for one that is not there.
        ids = [{"Name": "subnet-id", "Values": every}]
        pages = self.aws.ec2.get_paginator("describe_subnets").paginate(Filters=ids)  # type: ignore[arg-type]
        return {one["SubnetId"]: one for page in pages for one in page["Subnets"] if "SubnetId" in one}

    @property
    def endpoint_zones(self) -> tuple[str, ...]:
        """The zones that endpoints in subnets will stand in: the first of the tasks', or all."""
        wanted, count = self.wanted.existing, self.wanted.endpoint_zones
        if wanted is None:
            return self.chosen_zones[:count]
        return tuple(
            self.subnets[one].get("AvailabilityZone", "") for one in wanted.tasks[:count] if one in self.subnets
        )

    @property
    def database_zones(self) -> tuple[str, ...]:
        """The zones that the database can stand in."""
        wanted = self.wanted.existing
        if wanted is None:
            return self.chosen_zones
        zones = {self.subnets[one].get("AvailabilityZone", "") for one in wanted.database if one in self.subnets}
        return tuple(sorted(zones - {""}))

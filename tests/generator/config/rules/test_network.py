"""Rules of the network: each speaks of its key and says what to write."""

import pytest

from tests.generator.config.rules.shown import (
    ISOLATED,
    PRIVATE,
    SCALED,
    Shown,
    existing,
    service,
    speaks,
    subnets,
)

SHOWN: list[Shown] = [
    (
        "subnet-outside",
        service(cidrBlock="10.9.0.0") | {"publicSubnet": subnets("1.0/24", "2.0/24", "3.0/24")},
        "publicSubnet.1.cidrBlock",
        "outside service.cidrBlock (10.9.0.0/16)",
    ),
    (
        "subnets-overlap",
        {"publicSubnet": subnets("1.0/24", "2.0/24", "2.128/25")},
        "publicSubnet.3.cidrBlock",
        "overlaps publicSubnet.2",
    ),
    (
        "subnets-overlap",
        PRIVATE | {"privateSubnet": subnets("11.0/24", "12.0/24", "0.0/24")},
        "privateSubnet.3.cidrBlock",
        "overlaps publicSubnet.1",
    ),
    (
        "zones-half-named",
        {"publicSubnet": subnets("1.0/24", "2.0/24", zones="a ")},
        "publicSubnet.2",
        "of all or of none",
    ),
    (
        "zones-half-named",
        PRIVATE | {"publicSubnet": subnets("1.0/24", "2.0/24", zones="ab")},
        "privateSubnet.1",
        "has no availabilityZone",
    ),
    (
        "zone-twice",
        {"publicSubnet": subnets("1.0/24", "2.0/24", zones="bb")},
        "publicSubnet.2.availabilityZone",
        "zone b is that of publicSubnet.1",
    ),
    (
        "subnets-unpaired",
        PRIVATE | {"publicSubnet": subnets("1.0/24", "2.0/24", "3.0/24")},
        "privateSubnet",
        "there is no privateSubnet.3",
    ),
    (
        "subnets-unpaired",
        PRIVATE | {"privateSubnet": subnets("11.0/24", "12.0/24", "13.0/24")},
        "publicSubnet",
        "there is no publicSubnet.3",
    ),
    (
        "subnets-unpaired",
        PRIVATE
        | {
            "publicSubnet": subnets("1.0/24", "2.0/24", zones="ab"),
            "privateSubnet": subnets("11.0/24", "12.0/24", zones="ba"),
        },
        "privateSubnet.1.availabilityZone",
        "is not that of publicSubnet.1 (a)",
    ),
    (
        "subnet-small-for-load-balancer",
        {"publicSubnet": subnets("0.0/28", "1.0/24")},
        "publicSubnet.1.cidrBlock",
        "AWS takes /27",
    ),
    (
        "subnet-small-for-load-balancer",
        ISOLATED | {"privateSubnet": subnets("0.0/28", "1.0/24")},
        "privateSubnet.1.cidrBlock",
        "too small for a load balancer",
    ),
    (
        "addresses-run-out",
        service(cidrBlock="10.0.0.0/24", workers={"autoscaling": SCALED | {"maxCapacity": 40}}),
        "publicSubnet",
        "88 tasks during a deployment at full scale, and 54 addresses",
    ),
    ("network-not-private", service(cidrBlock="11.0.0.0/16"), "service.cidrBlock", "belongs to others"),
    (
        "existing-network-incomplete",
        {"network": {"mode": "existing"}},
        "network.existing.databaseSubnetIds",
        "write subnets in two zones or more",
    ),
    ("existing-network-incomplete", existing(routeTableIds=[]), "network.existing.routeTableIds", "S3's endpoint"),
    (
        "subnet-listed-twice",
        existing(taskSubnetIds=["subnet-01234567", "subnet-01234567"]),
        "network.existing.taskSubnetIds[1]",
        "listed already",
    ),
    (
        "image-out-of-reach",
        ISOLATED | {"airflow": {"image": "example.com/air@sha256:0"}},
        "airflow.image",
        "push the image there",
    ),
]


@pytest.mark.parametrize("shown", SHOWN, ids=lambda shown: f"{shown[0]}: {shown[2]}")
def test_a_rule_speaks_of_its_key(shown: Shown) -> None:
    speaks(shown)

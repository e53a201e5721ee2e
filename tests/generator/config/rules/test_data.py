"""Rules of what holds data: each speaks of its key and says what to write."""

import pytest

from tests.generator.config.cases import arn
from tests.generator.config.rules.shown import PROD, SQS, Shown, broker, database, service, speaks

SHOWN: list[Shown] = [
    ("postgres-not-offered", database(engineVersion="12"), "metadataDb.engineVersion", "write '17'"),
    ("postgres-unknown", database(engineVersion="40"), "metadataDb.engineVersion", "newer than those known here"),
    ("postgres-extended-support", database(engineVersion="13"), "metadataDb.engineVersion", "charges for it"),
    ("postgres-minor-pinned", database(engineVersion="16.4"), "metadataDb.engineVersion", "write '16'"),
    ("family-differs", database(family="postgres16"), "metadataDb.family", "write postgres17"),
    ("instance-too-old", database(instanceType="db.t2.micro"), "metadataDb.instanceType", "db.t4g.micro"),
    ("instance-unknown", database(instanceType="db.z9.large"), "metadataDb.instanceType", "is not checked"),
    (
        "storage-cannot-grow",
        database(allocatedStorage=100, maxAllocatedStorage=105),
        "metadataDb.maxAllocatedStorage",
        "write 111 or more",
    ),
    (
        "capacity-out-of-order",
        database(engine="aurora-postgresql", serverless={"minCapacity": 8.0}),
        "metadataDb.serverless.minCapacity",
        "8.0 is more than maxCapacity (4",
    ),
    (
        "capacity-out-of-order",
        database(engine="aurora-postgresql", serverless={"maxCapacity": 4.3}),
        "metadataDb.serverless.maxCapacity",
        "write 4.5",
    ),
    (
        "never-asleep",
        database(engine="aurora-postgresql", serverless={"minCapacity": 0.0}),
        "metadataDb.serverless.minCapacity",
        "service.hours",
    ),
    ("snapshot-unreadable", database(snapshotIdentifier="old"), "metadataDb.snapshotIdentifier", "secrets.fernet"),
    (
        "broker-version-not-offered",
        broker(engine="redis", engineVersion="5.0.6"),
        "celeryBackend.engineVersion",
        "6.0, 6.2, 7.0, 7.1",
    ),
    ("broker-version-unknown", broker(engineVersion="19.0"), "celeryBackend.engineVersion", "valkey 19.0 is newer"),
    ("node-too-old", broker(instanceType="cache.m3.medium"), "celeryBackend.instanceType", "cache.t4g.micro"),
    ("zones-need-nodes", broker(azMode="cross-az"), "celeryBackend.azMode", "numNodes: 2"),
    ("nodes-in-one-zone", broker(numNodes=2), "celeryBackend.azMode", "write cross-az"),
    (
        "flower-needs-server",
        SQS | service(flower={"enabled": True}),
        "service.flower.enabled",
        "celeryBackend.engine: valkey",
    ),
    ("two-keys", {"kms": {"customerKey": True, "keyArn": arn("kms", "key/1")}}, "kms.customerKey", "one of the two"),
    ("queue-pays-for-key", SQS | {"kms": {"customerKey": True}}, "celeryBackend.engine", "each message asks the key"),
    ("production-thrown-away", PROD | {"retainData": False}, "retainData", "write true"),
    (
        "protected-and-thrown-away",
        {"retainData": False} | database(deletionProtection=True),
        "metadataDb.deletionProtection",
        "retainData: true",
    ),
    ("production-unprotected", PROD, "metadataDb.deletionProtection", "write true"),
]


@pytest.mark.parametrize("shown", SHOWN, ids=lambda shown: f"{shown[0]}: {shown[2]}")
def test_a_rule_speaks_of_its_key(shown: Shown) -> None:
    speaks(shown)

"""Offers: versions and classes of database and broker."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from deployer.preflight.offers import broker, database
from deployer.preflight.wanted import Broker, Database, Existing, Wanted
from tests.deployer.preflight.scripted import STACK, Answer, found, stands

POSTGRES = Database("postgres", "17", "postgres17", "db.t4g.micro")
VALKEY = Broker("valkey", "8.0", "cache.t4g.micro")


def rds(versions: Sequence[str] = ("17.9", "17.10"), zones: Sequence[str] = "ab") -> dict[str, dict[str, Answer]]:
    def versions_of(**asked: Any) -> dict[str, Any]:
        assert asked == {"Engine": "postgres", "DBParameterGroupFamily": "postgres17"}
        return {"DBEngineVersions": [{"Engine": "postgres", "EngineVersion": one} for one in versions]}

    def orderable(**asked: Any) -> dict[str, Any]:
        newest = versions[-1]
        wanted = {"Engine": "postgres", "EngineVersion": newest, "DBInstanceClass": "db.t4g.micro", "Vpc": True}
        assert asked == wanted
        options = [{"AvailabilityZones": [{"Name": f"eu-west-1{zone}"}]} for zone in zones]
        return {"OrderableDBInstanceOptions": options}

    return {
        "rds": {"describe_db_engine_versions": versions_of, "describe_orderable_db_instance_options": orderable},
    }


def wanted(one: Database = POSTGRES, zones: Sequence[str] = ("", "")) -> Wanted:
    return Wanted(STACK, zones=zones, database=one)


def test_a_class_that_is_offered_with_the_newest_minor_version() -> None:
    assert found(database, wanted(), rds()) == []
    assert found(database, wanted(replace(POSTGRES, zones=2)), rds()) == []


def test_a_version_in_full() -> None:
    assert found(database, wanted(replace(POSTGRES, version="17.10")), rds()) == []
    assert found(database, wanted(replace(POSTGRES, version="17.1")), rds()) == [
        "error: metadataDb.engineVersion: postgres 17.1 is not offered in eu-west-1; choose another version or region"
    ]


def test_a_class_that_is_not_offered() -> None:
    assert found(database, wanted(), rds(zones="")) == [
        "error: metadataDb.instanceType: db.t4g.micro with postgres 17.10 is not offered in eu-west-1;"
        " choose another class or version"
    ]


def test_a_class_that_is_offered_in_other_zones_than_ours() -> None:
    said = (
        "metadataDb.instanceType: db.t4g.micro with postgres 17.10 is offered in eu-west-1c, and the subnets"
        " stand in eu-west-1a, eu-west-1b;"
        " name zones that have it (availabilityZone of the subnets), or choose another class"
    )
    assert found(database, wanted(zones=["a", "b"]), rds(zones="c")) == [f"error: {said}"]
    assert found(database, wanted(), rds(zones="c")) == [f"warning: {said}"]  # which zones AWS takes is a guess
    assert found(database, wanted(zones=["c", "a"]), rds(zones="c")) == []


def test_a_standby_wants_a_second_zone() -> None:
    (line,) = found(database, wanted(replace(POSTGRES, zones=2)), rds(zones="b"))
    assert "is offered in eu-west-1b, and the subnets stand in eu-west-1a, eu-west-1b" in line


def test_in_an_existing_network_the_databases_subnets_decide() -> None:
    theirs = Existing("vpc-1", "10.0.0.0/16", tasks=["subnet-9"], load_balancer=[], database=["subnet-1", "subnet-2"])
    zones = {"subnet-1": "a", "subnet-2": "b", "subnet-9": "c"}
    subnets = [{"SubnetId": name, "AvailabilityZone": f"eu-west-1{zone}"} for name, zone in zones.items()]
    network: dict[str, dict[str, Answer]] = {"ec2": {"describe_subnets": {"Subnets": subnets}}}
    there = Wanted(STACK, existing=theirs, database=POSTGRES)
    assert found(database, there, {**rds(zones="bc"), **network}) == []
    assert found(database, there, {**rds(zones="c"), **network}) == [
        "error: metadataDb.instanceType: db.t4g.micro with postgres 17.10 is offered in eu-west-1c, and the subnets"
        " stand in eu-west-1a, eu-west-1b;"
        " add subnets in zones that have it to databaseSubnetIds, or choose another class"
    ]


def test_where_something_stands_nothing_is_advised_that_would_be_refused() -> None:
    runs_on = "what stands runs on; nothing needs to be done unless this setting has changed"
    for answers in (rds(["18.1"]), rds(zones="")):
        (line,) = found(database, wanted(), {**stands(), **answers})
        assert line.endswith(f"; {runs_on}")
    (line,) = found(broker, Wanted(STACK, broker=VALKEY), {**stands(), **elasticache("10.0")})
    assert line == f"error: celeryBackend.engineVersion: valkey 8.0 is not offered in eu-west-1; {runs_on}"


def elasticache(*versions: str, reserved: int = 1) -> dict[str, dict[str, Answer]]:
    offering = {"ReservedCacheNodesOfferingId": "one", "CacheNodeType": "cache.t4g.micro"}
    return {
        "elasticache": {
            "describe_cache_engine_versions": {"CacheEngineVersions": [{"EngineVersion": one} for one in versions]},
            "describe_reserved_cache_nodes_offerings": {"ReservedCacheNodesOfferings": [offering] * reserved},
        }
    }


def test_a_broker_that_is_offered() -> None:
    assert found(broker, Wanted(STACK, broker=VALKEY), elasticache("7.2", "8.0")) == []
    assert found(broker, Wanted(STACK, broker=replace(VALKEY, version="8.0")), elasticache("8.0.1")) == []
    assert found(broker, Wanted(STACK), {}) == []


def test_a_broker_whose_version_is_not_offered() -> None:
    assert found(broker, Wanted(STACK, broker=VALKEY), elasticache("10.0", "7.2")) == [
        "error: celeryBackend.engineVersion: valkey 8.0 is not offered in eu-west-1; choose among 7.2, 10.0"
    ]


def test_nobody_lists_node_types_so_one_that_seems_missing_is_a_warning() -> None:
    assert found(broker, Wanted(STACK, broker=VALKEY), elasticache("8.0", reserved=0)) == [
        "warning: celeryBackend.instanceType: cache.t4g.micro seems not to be offered in eu-west-1: it cannot be"
        " reserved there; choose another node type if the broker fails"
    ]

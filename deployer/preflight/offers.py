"""Whether the region offers the versions and classes of database and broker, and in which zones."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import chain

from deployer.preflight.findings import Finding, error, warning
from deployer.preflight.place import Place
from deployer.preflight.wanted import Database


def database(place: Place) -> Iterator[Finding]:
    """The database's version and class."""
    wanted = place.wanted.database
    if wanted is None:
        return
    versions = _versions(place, wanted)
    if not versions:
        what = f"{wanted.engine} {wanted.version} is not offered in {place.aws.region}"
        yield error("metadataDb.engineVersion", what, _todo(place, "choose another version or region"))
        return
    yield from _class_offered(place, wanted, versions[-1])


def _versions(place: Place, wanted: Database) -> list[str]:
    """Versions of the wanted major, oldest first, or the one that is named in full.

    They are asked for by their family, for a filter by version takes full ones.
    https://docs.aws.amazon.com/AmazonRDS/latest/APIReference/API_DescribeDBEngineVersions.html
    """
    pages = place.aws.rds.get_paginator("describe_db_engine_versions").paginate(
        Engine=wanted.engine, DBParameterGroupFamily=wanted.family
    )
    every = [one.get("EngineVersion", "") for page in pages for one in page["DBEngineVersions"]]
    fits = [one for one in every if one == wanted.version or one.startswith(f"{wanted.version}.")]
    return sorted(fits, key=_number)


def _class_offered(place: Place, wanted: Database, version: str) -> Iterator[Finding]:
    """Say when the class cannot be had, or not in zones enough: RDS takes a zone of ours that has it.

    Where AWS chooses the zones, which ones is a guess.
    https://docs.aws.amazon.com/AmazonRDS/latest/APIReference/API_DescribeOrderableDBInstanceOptions.html
    """
    pages = place.aws.rds.get_paginator("describe_orderable_db_instance_options").paginate(
        Engine=wanted.engine, EngineVersion=version, DBInstanceClass=wanted.instance_class, Vpc=True
    )
    options = [one for page in pages for one in page["OrderableDBInstanceOptions"]]
    where = "metadataDb.engine" if wanted.aurora else "metadataDb.instanceType"
    named = f"{wanted.instance_class} with {wanted.engine} {version}"
    if not options:
        todo = _todo(place, "choose another class or version")
        yield error(where, f"{named} is not offered in {place.aws.region}", todo)
        return
    offered = set(chain.from_iterable((zone.get("Name", "") for zone in one["AvailabilityZones"]) for one in options))
    ours = place.database_zones
    if ours and len(offered.intersection(ours)) < wanted.zones:
        what = f"{named} is offered in {_list(offered)}, and the subnets stand in {_list(ours)}"
        todo = "name zones that have it (availabilityZone of the subnets), or choose another class"
        if place.wanted.existing:
            todo = "add subnets in zones that have it to databaseSubnetIds, or choose another class"
        say = error if place.named_zones or place.wanted.existing else warning
        yield say(where, what, _todo(place, todo))


def broker(place: Place) -> Iterator[Finding]:
    """The broker's version and node type."""
    wanted = place.wanted.broker
    if wanted is None:
        return
    pages = place.aws.elasticache.get_paginator("describe_cache_engine_versions").paginate(Engine=wanted.engine)
    versions = {one.get("EngineVersion", "") for page in pages for one in page["CacheEngineVersions"]}
    if not any(one == wanted.version or one.startswith(f"{wanted.version}.") for one in versions):
        what = f"{wanted.engine} {wanted.version} is not offered in {place.aws.region}"
        todo = _todo(place, f"choose among {', '.join(sorted(versions, key=_number)) or 'others'}")
        yield error("celeryBackend.engineVersion", what, todo)
    # No call lists node types; those on offer can be reserved, and reservations are listed by region.
    # https://docs.aws.amazon.com/AmazonElastiCache/latest/APIReference/API_DescribeReservedCacheNodesOfferings.html
    found = place.aws.elasticache.describe_reserved_cache_nodes_offerings(CacheNodeType=wanted.node_type)
    if not found["ReservedCacheNodesOfferings"]:
        what = f"{wanted.node_type} seems not to be offered in {place.aws.region}: it cannot be reserved there"
        yield warning("celeryBackend.instanceType", what, "choose another node type if the broker fails")


def _todo(place: Place, todo: str) -> str:
    """Advise; not what is refused or costs data where something stands, which runs on with what it has."""
    return todo if place.is_new else "what stands runs on; nothing needs to be done unless this setting has changed"


def _number(version: str) -> tuple[int, ...]:
    return tuple(int(part) for part in version.split(".") if part.isdigit())


def _list(zones: Sequence[str] | set[str]) -> str:
    return ", ".join(sorted(zones)) or "no zone"

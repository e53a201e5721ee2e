"""What AWS offers: versions of engines, and the memory of instance classes."""

# Majors that a database can be created with. 11 and 12 are in extended support, kept alive and not made anew; 13 can
# be made, at a price: https://docs.aws.amazon.com/AmazonRDS/latest/PostgreSQLReleaseNotes/postgresql-release-calendar.html
POSTGRES = (13, 14, 15, 16, 17, 18)
POSTGRES_EXTENDED = (13,)
# https://docs.aws.amazon.com/AmazonElastiCache/latest/dg/supported-engine-versions.html
BROKERS = {
    "valkey": ("7.2", "8.0", "8.1", "8.2", "9.0"),
    "redis": ("6.0", "6.2", "7.0", "7.1"),
}
# https://docs.aws.amazon.com/AmazonElastiCache/latest/dg/CacheNodes.SupportedTypes.html
NODES_GONE = frozenset({"t1", "m1", "m2", "m3", "c1", "r3"})
# Classes that "lower than PostgreSQL 13" is said of:
# https://docs.aws.amazon.com/AmazonRDS/latest/UserGuide/Concepts.DBInstanceClass.Support.html
OLD_INSTANCES = frozenset({"t1", "t2", "m1", "m2", "m3", "m4", "r3", "r4"})
# GiB of `large`, by the family's first letter or its name; xlarge has twice as much, 4xlarge eight times.
# https://docs.aws.amazon.com/AmazonRDS/latest/UserGuide/Concepts.DBInstanceClass.Summary.html
GIB_OF_LARGE = {"t": 8, "m": 8, "r": 16, "x2g": 32, "x2iedn": 64}
SMALLER = {"micro": 1 / 8, "small": 1 / 4, "medium": 1 / 2, "large": 1, "xlarge": 2}


def major(version: str) -> int:
    """`16` of 16.4."""
    return int(version.partition(".")[0])


def number(version: str) -> tuple[int, ...]:
    """A version that can be compared."""
    return tuple(int(part) for part in version.split("."))


def old_instance(instance_type: str) -> bool:
    """Whether no offered PostgreSQL runs on instances of this class."""
    return instance_type.split(".")[1] in OLD_INSTANCES


def instance_memory(instance_type: str) -> float | None:
    """GiB of memory of an instance class, as `db.t4g.micro`; None where it is not known."""
    _, family, size = instance_type.split(".")
    large = GIB_OF_LARGE.get(family) or GIB_OF_LARGE.get(family[0])
    if size.endswith("xlarge") and size[:-6].isdigit():
        factor: float | None = 2 * int(size[:-6])
    else:
        factor = SMALLER.get(size)
    return large * factor if large and factor else None

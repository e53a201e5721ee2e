"""Database and broker, as far as they stand in the network."""

from generator.diagram.model import Kind, Network, Store
from generator.diagram.reading.firewall import strangers
from generator.diagram.reading.network import keys
from generator.diagram.reading.tree import Resource, Tree
from generator.diagram.reading.values import at, find, named, text
from generator.diagram.reading.words import count, listed, sentence, words

INSTANCE, CLUSTER = "AWS::RDS::DBInstance", "AWS::RDS::DBCluster"
REPLICATION_GROUP, SERVERLESS_CACHE = "AWS::ElastiCache::ReplicationGroup", "AWS::ElastiCache::ServerlessCache"
ENGINES = {
    "postgres": "PostgreSQL",
    "mysql": "MySQL",
    "aurora-postgresql": "Aurora PostgreSQL",
    "aurora-mysql": "Aurora MySQL",
    "valkey": "Valkey",
    "redis": "Redis",
}


def stores(tree: Tree, network: Network) -> tuple[Store, ...]:
    """Read every database, then every broker."""
    databases = [one for one in find(tree, CLUSTER, INSTANCE) if not named(at(one, "DBClusterIdentifier"))]
    found = [
        *(_store(tree, network, Kind.DATABASE, one, _database(tree, one), "DBSubnetGroupName") for one in databases),
        *(
            _store(tree, network, Kind.BROKER, one, _broker(one), "CacheSubnetGroupName")
            for one in find(tree, REPLICATION_GROUP, SERVERLESS_CACHE)
        ),
    ]
    return tuple(found)


def _store(tree: Tree, network: Network, kind: Kind, one: Resource, lines: list[str], group: str) -> Store:
    subnets = tuple(key for place in named(at(one, group)) for key in keys(at(place, "SubnetIds")))
    others = strangers(tree, one.key, network)
    open_to = [f"open to {listed(others, 2)}"] if others else []
    return Store(
        one.key, kind, words(one.name), tuple(line for line in (*lines, *open_to) if line),
        subnets or keys(at(one, "SubnetIds")),
    )  # fmt: skip


def _database(tree: Tree, database: Resource) -> list[str]:
    return _cluster(tree, database) if database.kind == CLUSTER else _instance(database)


def _instance(database: Resource) -> list[str]:
    size, kind = text(at(database, "AllocatedStorage")), text(at(database, "StorageType"))
    spread = "Multi-AZ: standby in a second zone" if _true(database, "MultiAZ") else "in one zone"
    storage = f"{size} GB {kind}".strip() if size else ""
    return [sentence(_engine(database), text(at(database, "DBInstanceClass"))), sentence(spread, storage)]


def _cluster(tree: Tree, cluster: Resource) -> list[str]:
    instances = [one for one in find(tree, INSTANCE) if cluster in named(at(one, "DBClusterIdentifier"))]
    classes = list(dict.fromkeys(text(at(one, "DBInstanceClass")) for one in instances))
    units = [text(at(cluster, "ServerlessV2ScalingConfiguration", name)) for name in ("MinCapacity", "MaxCapacity")]
    size = (
        f"serverless, {' to '.join(unit.removesuffix('.0') for unit in units)} ACU"
        if all(units)
        else ", ".join(filter(None, classes))
    )
    number = count(len(instances), "instance") if instances else ""
    return [_engine(cluster), sentence(size, number)]


def _broker(broker: Resource) -> list[str]:
    if broker.kind == SERVERLESS_CACHE:
        return [sentence(_engine(broker, "MajorEngineVersion"), "serverless")]
    nodes = text(at(broker, "NumCacheClusters")) or "1"
    failover = "automatic failover" if _true(broker, "AutomaticFailoverEnabled") else ""
    number = count(int(nodes), "node") if nodes.isdecimal() else ""
    tls = "TLS" if _true(broker, "TransitEncryptionEnabled") else "no TLS"
    return [sentence(_engine(broker), text(at(broker, "CacheNodeType"))), sentence(number, failover, tls)]


def _engine(one: Resource, version: str = "EngineVersion") -> str:
    engine = text(at(one, "Engine"))
    return f"{ENGINES.get(engine, engine)} {text(at(one, version))}".strip()


def _true(one: Resource, name: str) -> bool:
    return text(at(one, name)).lower() == "true"

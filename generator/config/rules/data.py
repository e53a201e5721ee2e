"""Rules of what holds data: engines and their versions, sizes, keys, and what happens to it in the end."""

from generator.config.findings import Found, Level, rule
from generator.config.rules.offers import (
    BROKERS,
    NODES_GONE,
    POSTGRES,
    POSTGRES_EXTENDED,
    instance_memory,
    major,
    number,
    old_instance,
)
from generator.config.rules.sizes import is_production
from generator.config.settings import Settings

_LEAST_GROWTH = 1.1


def least_maximum(gib: int) -> int:
    """The least (GiB) that storage of a size can be allowed to grow to.

    https://docs.aws.amazon.com/AmazonRDS/latest/UserGuide/USER_PIOPS.Autoscaling.html
    """
    return round(gib * _LEAST_GROWTH + 0.5)


@rule(Level.ERROR)
def postgres_not_offered(settings: Settings) -> Found:
    """A version of PostgreSQL that AWS does not create any more."""
    version = settings.metadata_db.engine_version
    if major(version) < POSTGRES[0]:
        what = (
            f"PostgreSQL {version} can no longer be created; write '17' ({POSTGRES[0]} to {POSTGRES[-1]} are offered)"
        )
        yield ("metadataDb", "engineVersion"), what


@rule(Level.WARNING)
def postgres_unknown(settings: Settings) -> Found:
    """A version of PostgreSQL newer than those known here: AWS may not offer it."""
    version = settings.metadata_db.engine_version
    if major(version) > POSTGRES[-1]:
        what = f"PostgreSQL {version} is newer than those known here (up to {POSTGRES[-1]}); AWS may refuse it"
        yield ("metadataDb", "engineVersion"), what


@rule(Level.WARNING)
def postgres_extended_support(settings: Settings) -> Found:
    """A version of PostgreSQL whose standard support has ended: AWS charges for it by vCPU and hour."""
    version = settings.metadata_db.engine_version
    if major(version) in POSTGRES_EXTENDED:
        what = (
            f"standard support of PostgreSQL {version} has ended, and AWS charges for it by vCPU and hour; write '17'"
        )
        yield ("metadataDb", "engineVersion"), what


@rule(Level.WARNING)
def postgres_minor_pinned(settings: Settings) -> Found:
    """A minor version is written: AWS upgrades it, and the next deploy fails as it cannot go back."""
    version = settings.metadata_db.engine_version
    if "." in version and major(version) >= POSTGRES[0]:
        what = f"AWS upgrades minor versions by itself, and a deploy cannot go back to {version}"
        yield ("metadataDb", "engineVersion"), f"{what}; write '{major(version)}'"


@rule(Level.ERROR)
def family_differs(settings: Settings) -> Found:
    """The parameter group family is not that of engine and version."""
    database = settings.metadata_db
    fitting = database.model_copy(update={"family": ""}).parameter_family
    if database.family and database.family != fitting:
        what = f"{database.family} is not the family of {database.engine} {database.engine_version}; remove it"
        yield ("metadataDb", "family"), f"{what}, or write {fitting}"


@rule(Level.ERROR)
def instance_too_old(settings: Settings) -> Found:
    """An instance class that no offered version of PostgreSQL runs on."""
    database = settings.metadata_db
    if not database.aurora and old_instance(database.instance_type):
        what = (
            f"{database.instance_type} does not run PostgreSQL {POSTGRES[0]} and later; write db.t4g.micro or another"
        )
        yield ("metadataDb", "instanceType"), what


@rule(Level.NOTE)
def instance_unknown(settings: Settings) -> Found:
    """An instance class whose memory is not known here: its connections cannot be counted."""
    database = settings.metadata_db
    kind = database.instance_type
    if not database.aurora and not old_instance(kind) and instance_memory(kind) is None:
        what = f"the memory of {kind} is not known here: whether its connections suffice is not checked"
        yield ("metadataDb", "instanceType"), what


@rule(Level.ERROR)
def storage_cannot_grow(settings: Settings) -> Found:
    """The storage is left less than a tenth of room to grow (maxAllocatedStorage), which AWS refuses."""
    database = settings.metadata_db
    least = least_maximum(database.allocated_storage)
    if not database.aurora and (most := database.max_allocated_storage) is not None and most < least:
        what = f"{most} leaves {database.allocated_storage} GiB no room to grow; write {least} or more, or null"
        yield ("metadataDb", "maxAllocatedStorage"), what


@rule(Level.ERROR)
def capacity_out_of_order(settings: Settings) -> Found:
    """Aurora's capacities are out of order, or no multiples of a half."""
    wanted = settings.metadata_db.serverless
    if not settings.metadata_db.aurora:
        return
    path = ("metadataDb", "serverless")
    if wanted.min_capacity > wanted.max_capacity:
        what = f"{wanted.min_capacity} is more than maxCapacity ({wanted.max_capacity}); swap them"
        yield (*path, "minCapacity"), what
    for key, value in (("minCapacity", wanted.min_capacity), ("maxCapacity", wanted.max_capacity)):
        if value * 2 % 1:
            yield (*path, key), f"{value} is no multiple of 0.5; write {round(value * 2) / 2}"


@rule(Level.NOTE)
def never_asleep(settings: Settings) -> Found:
    """Aurora may pause, and Airflow's heartbeats keep it awake day and night."""
    database = settings.metadata_db
    if database.aurora and database.serverless.min_capacity == 0 and not settings.service.hours:
        what = "it pauses while nobody is connected, and Airflow always is; write service.hours, or 0.5"
        yield ("metadataDb", "serverless", "minCapacity"), what


@rule(Level.WARNING)
def snapshot_unreadable(settings: Settings) -> Found:
    """A database is restored without its Fernet key: its connections and variables cannot be read."""
    if settings.metadata_db.snapshot_identifier and not settings.secrets.fernet:
        what = "connections and variables in the snapshot are encrypted with its own Fernet key, and a new one would"
        yield ("metadataDb", "snapshotIdentifier"), f"{what} be made; name the kept secret in secrets.fernet"


@rule(Level.ERROR)
def broker_version_not_offered(settings: Settings) -> Found:
    """A version of the broker that AWS does not create, or does not know."""
    broker = settings.celery_backend
    offered = BROKERS.get(broker.engine, ())
    if offered and broker.version not in offered and number(broker.version) < number(offered[-1]):
        what = f"{broker.engine} {broker.version} cannot be created; write one of {', '.join(offered)}"
        yield ("celeryBackend", "engineVersion"), what


@rule(Level.WARNING)
def broker_version_unknown(settings: Settings) -> Found:
    """A version of the broker newer than those known here: AWS may not offer it."""
    broker = settings.celery_backend
    offered = BROKERS.get(broker.engine, ())
    if offered and number(broker.version) > number(offered[-1]):
        what = f"{broker.engine} {broker.version} is newer than those known here ({', '.join(offered)})"
        yield ("celeryBackend", "engineVersion"), f"{what}; AWS may refuse it"


@rule(Level.ERROR)
def node_too_old(settings: Settings) -> Found:
    """A node type that AWS does not create any more, or that cannot do what is asked of it."""
    broker = settings.celery_backend
    if not broker.sqs and broker.instance_type.split(".")[1] in NODES_GONE:
        what = f"{broker.instance_type} is of an old generation; write cache.t4g.micro or another"
        yield ("celeryBackend", "instanceType"), what


@rule(Level.ERROR)
def zones_need_nodes(settings: Settings) -> Found:
    """One node cannot stand in several zones."""
    broker = settings.celery_backend
    if not broker.sqs and broker.az_mode == "cross-az" and broker.num_nodes < 2:
        yield ("celeryBackend", "azMode"), "cross-az needs nodes to spread; write numNodes: 2 beside it"


@rule(Level.NOTE)
def nodes_in_one_zone(settings: Settings) -> Found:
    """Several nodes, and none takes over for another."""
    broker = settings.celery_backend
    if not broker.sqs and broker.num_nodes > 1 and broker.az_mode == "single-az":
        yield ("celeryBackend", "azMode"), "in single-az no node takes over for the first; write cross-az"


@rule(Level.ERROR)
def flower_needs_server(settings: Settings) -> Found:
    """Flower speaks to a server, and SQS is none."""
    if settings.celery_backend.sqs and settings.service.flower.enabled:
        what = "Flower cannot look into SQS; write false, or celeryBackend.engine: valkey"
        yield ("service", "flower", "enabled"), what


@rule(Level.ERROR)
def two_keys(settings: Settings) -> Found:
    """A customer key shall be made, and one is given."""
    if settings.kms.customer_key and settings.kms.key_arn:
        yield ("kms", "customerKey"), "kms.keyArn names a key already; write one of the two"


@rule(Level.NOTE)
def queue_pays_for_key(settings: Settings) -> Found:
    """SQS asks the customer key for every message."""
    if settings.celery_backend.sqs and settings.kms.customer:
        what = "workers ask SQS day and night, and each message asks the key: $0.03 for 10,000 requests"
        yield ("celeryBackend", "engine"), what


@rule(Level.WARNING)
def production_thrown_away(settings: Settings) -> Found:
    """Destroying production deletes its database, logs and secrets."""
    if is_production(settings) and not settings.retain_data:
        yield ("retainData",), "destroying this environment deletes database, logs and secrets; write true"


@rule(Level.WARNING)
def protected_and_thrown_away(settings: Settings) -> Found:
    """The data may go with the stacks, and the database refuses to: destroying stops midway."""
    if settings.metadata_db.deletion_protection and not settings.retain_data:
        what = "a protected database stops the destroying of what shall not be kept; write false, or retainData: true"
        yield ("metadataDb", "deletionProtection"), what


@rule(Level.NOTE)
def production_unprotected(settings: Settings) -> Found:
    """Production's database is not protected against deletion."""
    if is_production(settings) and settings.retain_data and not settings.metadata_db.deletion_protection:
        yield ("metadataDb", "deletionProtection"), "nothing keeps production's database from being deleted; write true"

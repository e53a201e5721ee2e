"""Settings of what holds data: the metadata database, and the broker between scheduler and workers."""

from typing import Literal

from generator.config.fields import Change, Port, Retention, Section, Version, arn, example, setting


class DatabaseParameters(Section):
    """Parameters of PostgreSQL itself."""

    max_connections: int | None = setting(
        None, "Most connections; without it, what AWS derives from the instance's memory.", Change.INTERRUPTION,
        ge=20, le=5000,
    )  # fmt: skip


class Serverless(Section):
    """Capacity of Aurora Serverless v2, in ACU (about 2 GiB of memory each)."""

    min_capacity: float = setting(0.5, "Least ACU.", Change.IN_PLACE, "$0.12 an ACU and hour", ge=0, le=256)
    max_capacity: float = setting(
        4,
        "Most ACU; the database takes more connections after its next reboot.",
        Change.IN_PLACE,
        "$0.12 an ACU and hour",
        ge=1,
        le=256,
    )


class MetadataDb(Section):
    """Airflow's metadata database: Amazon RDS for PostgreSQL, or Aurora PostgreSQL Serverless v2."""

    engine: Literal["postgres", "aurora-postgresql"] = setting(
        "postgres", "Database engine; aurora-postgresql is Serverless v2.", Change.DATA, "Aurora: at least $1.4 a day"
    )
    engine_version: Version = setting(
        "17", "Major version: AWS chooses and upgrades the minor one.", Change.INTERRUPTION
    )
    family: str = setting(
        "",
        "Parameter group family; empty: the one that fits.",
        Change.INTERRUPTION,
        pattern=r"^([a-z-]+\d+)?$",
        examples=["postgres17"],
    )
    instance_type: str = setting(
        "db.t4g.micro", "Instance class of engine postgres.", Change.INTERRUPTION, "billed by the hour",
        pattern=r"^db\.[a-z0-9]+\.[a-z0-9]+$",
    )  # fmt: skip
    serverless: Serverless = Serverless()
    port: int = setting(5432, "Port of the database.", Change.INTERRUPTION, ge=1150, le=65535)
    db_name: str = setting("airflow", "Name of the database.", Change.DATA, pattern=r"^[a-z][a-z0-9_]{0,62}$")
    allocated_storage: int = setting(
        20, "GiB of storage; may grow, never shrink.", Change.IN_PLACE, "$0.115 a GB and month", ge=20, le=65536
    )
    max_allocated_storage: int | None = setting(
        100, "GiB up to which AWS lets the storage grow by itself; null: never.", Change.IN_PLACE, ge=22, le=65536
    )
    multi_az: bool = setting(False, "A standby in another zone.", Change.IN_PLACE, "doubles the database's price")
    backup_retention: int = setting(7, "Days that backups are kept.", Change.IN_PLACE, ge=1, le=35)
    snapshot_identifier: str = setting(
        "", "Snapshot that a new database starts from; its Fernet key must be given, too (secrets.fernet), and"
        " allocatedStorage be no less than it had.",
        Change.DATA, pattern=r"^[A-Za-z0-9:._-]*$", max_length=255,
        examples=["airflow-before-the-move"],
    )  # fmt: skip
    deletion_protection: bool = setting(False, "Refuse to delete the database.", Change.IN_PLACE)
    enable_iam_database_authentication: bool = setting(
        True, "Let people log in to the database by IAM, beside passwords.", Change.IN_PLACE,
        alias="enableIAMDatabaseAuthentication",
    )  # fmt: skip
    parameters: DatabaseParameters = DatabaseParameters()

    @property
    def aurora(self) -> bool:
        """Whether it is a cluster of Aurora."""
        return self.engine == "aurora-postgresql"

    @property
    def parameter_family(self) -> str:
        """Family of the parameter group."""
        return self.family or f"{self.engine}{self.engine_version.split('.')[0]}"


# What a new broker gets without a word: the newest version that AWS's schemas list.
BROKER_VERSIONS = {"valkey": "8.0", "redis": "7.1"}


class CeleryBackend(Section):
    """The broker between scheduler and workers: Amazon ElastiCache, or Amazon SQS."""

    engine: Literal["valkey", "redis", "sqs"] = setting(
        "valkey", "Broker engine; sqs has no hourly price, no Flower, and polls.", Change.DATA,
        "valkey and redis: by node and hour; sqs: by request",
    )  # fmt: skip
    engine_version: Version | None = setting(
        None, "Version, as 8.0; without it, valkey 8.0 or redis 7.1.", Change.INTERRUPTION
    )
    auto_minor_version_upgrade: bool = setting(True, "Let AWS upgrade the minor version.", Change.IN_PLACE)
    instance_type: str = setting(
        "cache.t4g.micro", "Node type.", Change.INTERRUPTION, "billed by the hour",
        pattern=r"^cache\.[a-z0-9]+\.[a-z0-9]+$",
    )  # fmt: skip
    port: Port = setting(6379, "Port of the broker.", Change.DATA)
    num_nodes: int = setting(
        1,
        "Nodes: a primary and its replicas. With azMode in two deploys: nodes, then cross-az; back the other way.",
        Change.IN_PLACE,
        "each at its price",
        ge=1,
        le=6,
    )
    az_mode: Literal["single-az", "cross-az"] = setting(
        "single-az", "`cross-az`: nodes in several zones, and one takes over for another; needs two nodes.",
        Change.IN_PLACE,
    )  # fmt: skip
    visibility_timeout: int = setting(
        43200, "sqs: seconds until a message nobody acknowledged is delivered again; longer than any task.",
        Change.RESTART, ge=600, le=43200,
    )  # fmt: skip

    @property
    def sqs(self) -> bool:
        """Whether the broker is SQS: queues, and no server."""
        return self.engine == "sqs"

    @property
    def version(self) -> str:
        """Version of the server."""
        return self.engine_version or BROKER_VERSIONS.get(self.engine, "")


SECRET = arn("secretsmanager", r"secret:[\w/+=.@-]+")
NAMED = example("secretsmanager", "secret:airflow/prod/of-old-AbCdEf")


class SecretArns(Section):
    """Secrets that exist already, each a full ARN; one under a customer managed key needs that key as kms.keyArn."""

    database: str = setting(
        "",
        "JSON with the `password` of the database's user, who is airflow.",
        Change.INTERRUPTION,
        pattern=SECRET,
        examples=NAMED,
    )
    broker: str = setting(
        "",
        "Token of the broker: 16 to 128 letters and digits. After a change the old one stays valid, too.",
        Change.INTERRUPTION,
        pattern=SECRET,
        examples=NAMED,
    )
    fernet: str = setting(
        "", "Fernet key of stored connections and variables.", Change.RESTART, pattern=SECRET, examples=NAMED
    )
    jwt: str = setting(
        "",
        "Signs what components say to each other: 64 characters or more.",
        Change.RESTART,
        pattern=SECRET,
        examples=NAMED,
    )
    session: str = setting("", "Signs sessions of the web interface.", Change.RESTART, pattern=SECRET, examples=NAMED)
    admin: str = setting(
        "", "First user: username and password, as JSON.", Change.RESTART, pattern=SECRET, examples=NAMED
    )
    flower: str = setting("", "Flower's user and password, as JSON.", Change.RESTART, pattern=SECRET, examples=NAMED)


class Kms(Section):
    """Who holds the keys of what is encrypted at rest."""

    customer_key: bool = setting(
        False, "Encrypt with a customer managed key, made here; without it, with AWS's own keys.", Change.DATA,
        "$1 a month and a fee for requests",
    )  # fmt: skip
    key_arn: str = setting(
        "", "Customer managed key that exists already; its policy must let CloudWatch's logs and alarms use it.",
        Change.DATA,
        pattern=r"^(arn:aws[a-z-]*:kms:[a-z0-9-]+:\d{12}:key/[\w-]+)?$",
        examples=example("kms", "key/1234abcd-12ab-34cd-56ef-1234567890ab"),
    )  # fmt: skip

    @property
    def customer(self) -> bool:
        """Whether a customer managed key encrypts."""
        return self.customer_key or bool(self.key_arn)


class Logging(Section):
    """Logs of Airflow's tasks."""

    target: Literal["s3", "cloudwatch"] = setting(
        "s3", "Where tasks' logs are kept and read from.", Change.DATA,
        "s3: $0.023 a GB and month; cloudwatch: $0.50 for each GB written",
    )  # fmt: skip
    retention: Retention = setting(90, "Days that they are kept.", Change.IN_PLACE, "storage")

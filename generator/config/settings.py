"""The settings of one environment: every key of service.yml, its type, default, meaning, and the rules between them."""

import ipaddress
import re
from itertools import pairwise
from typing import Annotated, Any, Literal, TypeAlias

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, model_validator
from pydantic.alias_generators import to_camel

from generator.airflow.secrets import COMPOSED, SECRETS

# Fargate's sizes: CPU units -> memory in MiB (Linux).
# https://docs.aws.amazon.com/AmazonECS/latest/developerguide/fargate-tasks-services.html#fargate-tasks-size
FARGATE_MEMORY: dict[int, tuple[int, ...]] = {
    256: (512, 1024, 2048),
    512: tuple(range(1024, 4097, 1024)),
    1024: tuple(range(2048, 8193, 1024)),
    2048: tuple(range(4096, 16385, 1024)),
    4096: tuple(range(8192, 30721, 1024)),
    8192: tuple(range(16384, 61441, 4096)),
    16384: tuple(range(32768, 122881, 8192)),
}

# The retentions that CloudWatch Logs knows, in days.
# https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/API_PutRetentionPolicy.html
RETENTION_DAYS = (
    1,
    3,
    5,
    7,
    14,
    30,
    60,
    90,
    120,
    150,
    180,
    365,
    400,
    545,
    731,
    1096,
    1827,
    2192,
    2557,
    2922,
    3288,
    3653,
)


def _network(text: str) -> str:
    if "/" not in text:
        raise ValueError(f"{text!r} has no mask; write {text}/16 for a network or {text}/32 for one address")
    try:
        ipaddress.IPv4Network(text)
    except ValueError as error:
        raise ValueError(f"{text!r} is not a network: {error}; write it like 10.0.0.0/16") from None
    return text


def _large(text: str) -> str:
    """Check a mask against AWS's limits (https://docs.aws.amazon.com/vpc/latest/userguide/subnet-sizing.html)."""
    length = ipaddress.IPv4Network(_network(text)).prefixlen
    if not 16 <= length <= 28:
        raise ValueError(f"{text!r} has a mask of /{length}; AWS takes /16 to /28")
    return text


def _retention(days: int) -> int:
    if days not in RETENTION_DAYS:
        raise ValueError(f"{days} days is not a retention CloudWatch Logs has; use one of {RETENTION_DAYS}")
    return days


def _version(value: object) -> object:
    """`17` is a number to YAML and a fine version; `11.7` would lose its digits (11.10 becomes 11.1)."""
    if isinstance(value, float):
        raise ValueError(f"{value} is a number to YAML; write it in quotes: '{value}'")  # noqa: TRY004
    return str(value) if isinstance(value, int) and not isinstance(value, bool) else value


def _variable(name: str) -> str:
    if not re.fullmatch(r"[A-Za-z_][A-Za-z0-9_]*", name):
        raise ValueError(f"{name!r} is not a variable's name; use letters, digits and _")
    if name in SECRETS or name in COMPOSED:
        raise ValueError(
            f"{name} is made of secrets that the stack keeps, and would stand here for all to read; remove it"
        )
    return name


Network = Annotated[str, AfterValidator(_network)]
AwsNetwork = Annotated[str, AfterValidator(_large)]
Port = Annotated[int, Field(ge=1, le=65535)]
Version = Annotated[str, BeforeValidator(_version), Field(pattern=r"^[0-9]+(\.[0-9]+)*$")]
# Joined to names of databases, whose rule is the strictest, and to a DNS zone.
# https://docs.aws.amazon.com/AmazonRDS/latest/APIReference/API_CreateDBInstance.html
NAME = r"^[a-z](-?[a-z0-9])*$"
# https://docs.aws.amazon.com/AmazonRDS/latest/UserGuide/USER_Tagging.html
TAG_VALUE = r"^[A-Za-z0-9 _.:/=+@-]+$"
SubnetNumber: TypeAlias = Literal["1", "2", "3"]
VariableName = Annotated[str, AfterValidator(_variable)]
Retention = Annotated[int, AfterValidator(_retention)]


class Section(BaseModel):
    """A mapping in service.yml: immutable once read; a key it does not know is an error."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True, alias_generator=to_camel, validate_by_name=True)


class Task(Section):
    """The size of one component's Fargate task."""

    cpu: int = Field(256, description="CPU units; 1024 is one vCPU.")
    memory: int = Field(512, description="MiB of memory.")

    @model_validator(mode="after")
    def _fits_fargate(self) -> "Task":
        sizes = FARGATE_MEMORY.get(self.cpu)
        if sizes is None:
            raise ValueError(f"cpu {self.cpu} is not a Fargate size; use one of {tuple(FARGATE_MEMORY)}")
        if self.memory not in sizes:
            raise ValueError(f"memory {self.memory} does not go with cpu {self.cpu}; use one of {sizes}")
        return self


class Webserver(Task):
    """Airflow's API server, which serves the web interface too."""

    port: Port = Field(8080, description="Port of the API server inside the network.")
    # It takes some 26 CPU seconds until it is healthy, five of them in its first answer: too long on a quarter of one.
    cpu: int = Field(512, description="CPU units; 1024 is one vCPU.")
    memory: int = Field(1024, description="MiB of memory.")


class Scheduler(Task):
    """Airflow's scheduler."""

    memory: int = Field(1024, description="MiB of memory.")


class Workers(Task):
    """Celery workers, which run the tasks."""

    cpu: int = Field(512, description="CPU units; 1024 is one vCPU.")
    memory: int = Field(2048, description="MiB of memory.")
    concurrency: int = Field(4, ge=1, le=256, description="Tasks that one worker runs side by side.")


class Service(Section):
    """The service as a whole and its components."""

    log_group_name: str = Field("airflow", pattern=r"^[\w./#-]{1,100}$", description="Log group's last name.")
    cidr_block: AwsNetwork = Field("10.0.0.0/16", description="Addresses of the network (VPC).")
    base_url: str = Field("", pattern=r"^(https?://\S+)?$", description="URL people open; empty: the load balancer's.")
    port: Port = Field(80, description="Port of the load balancer.")
    webserver: Webserver = Webserver()
    scheduler: Scheduler = Scheduler()
    dag_processor: Task = Task(memory=1024)
    triggerer: Task = Task(memory=1024)
    workers: Workers = Workers()


class Subnet(Section):
    """One public subnet."""

    cidr_block: AwsNetwork = Field(description="Addresses of the subnet, inside service.cidrBlock.")
    availability_zone: str = Field("", pattern=r"^[a-f]?$", description="The zone's letter; for none, AWS's order.")


class MetadataDb(Section):
    """Airflow's metadata database: Amazon RDS for PostgreSQL."""

    instance_type: str = Field("db.t4g.micro", pattern=r"^db\.[a-z0-9]+\.[a-z0-9]+$", description="Instance class.")
    port: int = Field(5432, ge=1150, le=65535, description="Port of the database.")
    db_name: str = Field("airflow", pattern=r"^[a-z][a-z0-9_]{0,62}$", description="Name of the database.")
    engine: Literal["postgres"] = Field("postgres", description="Database engine.")
    engine_version: Version = Field("17", description="Major version: AWS chooses and upgrades the minor one.")
    allocated_storage: int = Field(20, ge=20, le=65536, description="GiB of storage.")
    deletion_protection: bool = Field(default=False, description="Refuse to delete the database.")


class CeleryBackend(Section):
    """The broker between scheduler and workers: Amazon ElastiCache."""

    port: Port = Field(6379, description="Port of the broker.")
    engine: Literal["valkey"] = Field("valkey", description="Broker engine.")
    engine_version: Version = Field("8.0", pattern=r"^\d+\.\d+$", description="Version of the engine, as 8.0.")
    instance_type: str = Field("cache.t4g.micro", pattern=r"^cache\.[a-z0-9]+\.[a-z0-9]+$", description="Node type.")


class Ecr(Section):
    """The repository of the image."""

    images_lifecycle_count: int = Field(10, ge=1, le=1000, description="Images kept.")


class EcsLogGroup(Section):
    """The log group of the components."""

    retention: Retention = Field(30, description="Days that the components' logs are kept.")


class Cloudwatch(Section):
    """Logs."""

    ecs_log_group: EcsLogGroup = EcsLogGroup()


class Airflow(Section):
    """Airflow itself."""

    image: str = Field("", description="Image reference (name@digest) of every component; --image overrides it.")
    admin_user: str = Field("admin", pattern=r"^[A-Za-z0-9._-]{1,64}$", description="Name of the first user.")
    admin_email: str = Field("admin@example.com", description="Address of the first user.")
    variables: dict[VariableName, str] = Field({}, description="More variables (AIRFLOW__*) of every component.")


DEFAULT_SUBNETS: dict[SubnetNumber, Subnet] = {
    "1": Subnet(cidr_block="10.0.0.0/24"),
    "2": Subnet(cidr_block="10.0.1.0/24"),
}


class Settings(Section):
    """Everything service.yml says about one environment."""

    environment: str = Field(pattern=NAME, max_length=12, description="Name of the environment.")
    service_name: str = Field(pattern=NAME, max_length=20, description="First part of every stack's name.")
    owner: str = Field(pattern=TAG_VALUE, max_length=128, description="Who answers for it: a tag on every resource.")
    retain_data: bool = Field(
        default=True,
        description="Keep database (as a snapshot), task logs and secrets when the stacks are destroyed.",
    )
    whitelisted_ips: list[Network] = Field(
        [], alias="whitelistedIPs", description="Networks that may open the web interface; empty: nobody."
    )
    service: Service = Service()
    public_subnet: dict[SubnetNumber, Subnet] = Field(
        DEFAULT_SUBNETS,
        min_length=2,
        description="Subnets by number: two or three, each in a zone of its own.",
    )
    metadata_db: MetadataDb = MetadataDb()
    celery_backend: CeleryBackend = CeleryBackend()
    ecr: Ecr = Ecr()
    cloudwatch: Cloudwatch = Cloudwatch()
    airflow: Airflow = Airflow()

    @property
    def stack_name(self) -> str:
        """Name of the root stack; joined names elsewhere begin with it."""
        return f"{self.service_name}-{self.environment}"

    @property
    def namespace(self) -> str:
        """The private DNS zone in which components find each other."""
        return f"{self.stack_name}.internal"

    @property
    def tags(self) -> dict[str, str]:
        """Tags of the stacks, which CloudFormation puts on everything in them."""
        return {"Service": self.service_name, "Environment": self.environment, "Owner": self.owner}

    @model_validator(mode="after")
    def _subnets_fit(self) -> "Settings":
        network = ipaddress.IPv4Network(self.service.cidr_block)
        subnets = {name: ipaddress.IPv4Network(subnet.cidr_block) for name, subnet in self.public_subnet.items()}
        for name, subnet in subnets.items():
            if not subnet.subnet_of(network):
                raise ValueError(f"publicSubnet.{name} ({subnet}) lies outside service.cidrBlock ({network})")
        ordered = sorted(subnets.items(), key=lambda item: item[1])
        for (first, one), (second, other) in pairwise(ordered):
            if one.overlaps(other):
                raise ValueError(f"publicSubnet.{first} ({one}) and publicSubnet.{second} ({other}) overlap")
        return self

    @model_validator(mode="after")
    def _zones_differ(self) -> "Settings":
        """A load balancer takes one subnet a zone; next to a letter, AWS's order may name the same zone again."""
        letters = [subnet.availability_zone for subnet in self.public_subnet.values()]
        if any(letters) and not all(letters):
            raise ValueError(
                "publicSubnet: some subnets have an availabilityZone and some not; write all letters or none"
            )
        if all(letters) and len(set(letters)) != len(letters):
            raise ValueError("publicSubnet: two subnets in one zone; give each a letter of its own")
        return self


def schema() -> dict[str, Any]:
    """JSON schema of service.yml, for editors; under `environments` the same keys, none of them required."""
    whole = Settings.model_json_schema(by_alias=True)
    whole["properties"].pop("environment")
    whole["required"] = [name for name in whole["required"] if name != "environment"]
    overlay = {"properties": whole["properties"], "additionalProperties": False, "type": ["object", "null"]}
    whole["properties"] = {
        **whole["properties"],
        "environments": {
            "type": "object",
            "description": "Each key is an environment; its value is laid over the settings above.",
            "additionalProperties": {"$ref": "#/$defs/Overlay"},
        },
    }
    whole["$defs"]["Overlay"] = overlay
    return whole

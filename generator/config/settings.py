"""The settings of one environment: every key of service.yml."""

from functools import partial
from typing import Annotated

from pydantic import Field

from generator.config.data import CeleryBackend, Kms, Logging, MetadataDb, SecretArns
from generator.config.fields import (
    NAME,
    REGION,
    TAG_VALUE,
    Change,
    Network,
    Port,
    Section,
    SubnetNumber,
    TagKey,
    VpcNetwork,
    setting,
)
from generator.config.networking import Https, LoadBalancerSettings, NetworkSettings, Subnet, default_subnets
from generator.config.running import Airflow, Alarms, Cloudwatch, Ecr, Iam, Image
from generator.config.tasks import (
    Architecture,
    DagProcessor,
    Flower,
    GroupName,
    Hours,
    Scheduler,
    Spot,
    Triggerer,
    Webserver,
    WorkerGroup,
    Workers,
)

HTTP, HTTPS = 80, 443
PYTHON = "3.12"  # of the official image that is built on


class Service(Section):
    """The service as a whole and its components."""

    log_group_name: str = setting(
        "airflow",
        "Log group's last name; with another one the old group goes, and its logs.",
        Change.DATA,
        pattern=r"^[A-Za-z0-9_./#-]{1,100}$",
    )
    cidr_block: VpcNetwork = setting(
        "10.0.0.0/16", "Addresses of the network (VPC); a missing mask is /16.", Change.REFUSED
    )
    base_url: str = setting(
        "", "URL people open; empty: https.domainName, or the load balancer's.", Change.RESTART,
        pattern=r"^(https?://\S+)?$", examples=["https://airflow.example.com"],
    )  # fmt: skip
    port: Port | None = setting(None, "Port of the load balancer; without it, 80, or 443 with HTTPS.", Change.RESTART)
    architecture: Architecture = setting(
        "x86_64", "Processors of the tasks; the image must be built for them.", Change.RESTART, "arm64: a fifth less"
    )
    spot: Spot = setting(
        "none", "Which components run on Fargate Spot, which AWS may take back after two minutes.", Change.RESTART,
        "up to 70 % less",
    )  # fmt: skip
    hours: Hours | None = Field(
        None,
        description="When Airflow runs; none: day and night. Take it away while it runs: what is stopped stays so.",
    )
    webserver: Webserver = Webserver()
    scheduler: Scheduler = Scheduler()
    dag_processor: DagProcessor = DagProcessor()
    triggerer: Triggerer = Triggerer()
    workers: Workers = Workers()
    worker_groups: dict[GroupName, WorkerGroup] = Field(
        {},
        description="More groups of workers by name, each with a queue and a size of its own; DAGs find the queues in"
        " the variable WORKER_QUEUES, that of the first group first.",
        max_length=10,
    )
    flower: Flower = Flower()


class Settings(Section):
    """Everything service.yml says about one environment."""

    environment: str = setting(
        ..., "Name of the environment.", Change.ANOTHER, pattern=NAME, max_length=12, examples=["dev"]
    )
    service_name: str = setting(
        ..., "First part of every stack's name.", Change.ANOTHER, pattern=NAME, max_length=20, examples=["airflow"]
    )
    owner: str = setting(
        ...,
        "Who answers for it: a tag on every resource.",
        Change.IN_PLACE,
        pattern=TAG_VALUE,
        max_length=128,
        examples=["data-engineering"],
    )
    region: str = setting(
        "", "Region of this environment; a deploy to another one is refused. Empty: AWS_REGION's.", Change.ANOTHER,
        pattern=rf"{REGION}|^$", examples=["eu-central-1"],
    )  # fmt: skip
    account: str = setting(
        "", "Account of this environment, in quotes; a deploy to another one is refused.", Change.ANOTHER,
        pattern=r"^(\d{12})?$", examples=["123456789012"],
    )  # fmt: skip
    tags: dict[
        TagKey,
        Annotated[str, Field(pattern=TAG_VALUE, max_length=256)],
    ] = setting({}, "More tags on everything.", Change.IN_PLACE, max_length=40)
    retain_data: bool = setting(
        True, "Keep database (as a snapshot), task logs and secrets when the stacks are destroyed.", Change.IN_PLACE,
        "what is kept costs its storage",
    )  # fmt: skip
    whitelisted_ips: list[Network] = setting(
        [], "Networks that may open the web interface; empty: nobody.", Change.IN_PLACE, alias="whitelistedIPs",
        max_length=50,
    )  # fmt: skip
    network: NetworkSettings = NetworkSettings()
    load_balancer: LoadBalancerSettings = LoadBalancerSettings()
    https: Https = Https()
    service: Service = Service()
    public_subnet: dict[SubnetNumber, Subnet] = Field(
        default_factory=partial(default_subnets, 0),
        min_length=2,
        description="Subnets by number with a way to the internet: two or three, each in a zone of its own;"
        " without them, two inside service.cidrBlock.",
    )
    private_subnet: dict[SubnetNumber, Subnet] = Field(
        default_factory=partial(default_subnets, 1),
        min_length=2,
        description="Subnets by number of tasks, database and broker in modes private and isolated; without them, two"
        " inside service.cidrBlock.",
    )
    metadata_db: MetadataDb = MetadataDb()
    celery_backend: CeleryBackend = CeleryBackend()
    secrets: SecretArns = SecretArns()
    kms: Kms = Kms()
    image: Image = Image()
    ecr: Ecr = Ecr()
    logging: Logging = Logging()
    cloudwatch: Cloudwatch = Cloudwatch()
    alarms: Alarms = Alarms()
    iam: Iam = Iam()
    airflow: Airflow = Airflow()
    accept: dict[str, Annotated[str, Field(min_length=3)]] = setting(
        {}, "Findings that are meant to be: name of the finding, and the reason.", Change.NOTHING
    )

    @property
    def stack_name(self) -> str:
        """Name of the root stack; joined names elsewhere begin with it."""
        return f"{self.service_name}-{self.environment}"

    @property
    def namespace(self) -> str:
        """The private DNS zone in which components find each other."""
        return f"{self.stack_name}.internal"

    @property
    def all_tags(self) -> dict[str, str]:
        """Tags of the stacks, which CloudFormation puts on everything in them."""
        ours = {"Service": self.service_name, "Environment": self.environment, "Owner": self.owner}
        return self.tags | ours

    @property
    def secrets_prefix(self) -> str:
        """What names of connections and variables in Secrets Manager begin with."""
        return f"{self.service_name}/{self.environment}"

    @property
    def worker_groups(self) -> dict[str, Workers]:
        """Every group of workers by its component's name, the first one too; each with its queue filled in."""
        groups: dict[str, Workers] = {"workers": self.service.workers}
        for name, group in self.service.worker_groups.items():
            groups[f"workers-{name}"] = group.model_copy(update={"queue": group.queue or name})
        return groups

    @property
    def base_image(self) -> str:
        """What the image is built on; the tags are https://hub.docker.com/r/apache/airflow/tags ."""
        return self.image.base or f"docker.io/apache/airflow:{self.airflow.version}-python{PYTHON}"

    @property
    def build_arguments(self) -> dict[str, str]:
        """Arguments of docker/Dockerfile by name; those that are left to it are not there."""
        given = {
            "AIRFLOW_IMAGE": self.base_image,
            "PACKAGE_INDEX": self.image.package_index,
            "DEBIAN_MIRROR": self.image.debian_mirror,
            "REFRESH": self.image.refresh,
        }
        return {name: value for name, value in given.items() if value}

    @property
    def own_network(self) -> bool:
        """Whether the network is made here."""
        return self.network.mode != "existing"

    @property
    def internet_facing(self) -> bool:
        """Whether people may come from the internet (those on the allow list)."""
        scheme = self.load_balancer.scheme
        return self.network.mode != "isolated" if scheme == "auto" else scheme == "internet-facing"

    @property
    def assigns_public_addresses(self) -> bool:
        """Whether every task has a public address."""
        return self.network.mode == "public" or (not self.own_network and self.network.existing.assign_public_ip)

    @property
    def makes_endpoints(self) -> bool:
        """Whether AWS's services are reached by endpoints in the network."""
        return self.network.mode == "isolated" or (not self.own_network and self.network.existing.create_endpoints)

    @property
    def front_port(self) -> int:
        """Port of the load balancer that people open."""
        return self.service.port or (HTTPS if self.https.enabled else HTTP)

    @property
    def network_cidr(self) -> str:
        """Addresses of the network."""
        return self.service.cidr_block if self.own_network else self.network.existing.vpc_cidr or "10.0.0.0/8"

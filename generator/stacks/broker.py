"""The broker between scheduler and workers: Amazon ElastiCache for Valkey or Redis, or queues of Amazon SQS."""

from dataclasses import dataclass, field

from troposphere import GetAtt, Ref, Sub, Template
from troposphere.elasticache import ReplicationGroup, SubnetGroup
from troposphere.sqs import Queue, QueuePolicy

from generator.config.settings import Settings
from generator.logical_ids import logical_id
from generator.stacks import resource_policies
from generator.stacks.data import accepted, passing
from generator.stacks.nesting import ByName, Value, Values

FOURTEEN_DAYS = 14 * 24 * 3600
"""The longest that SQS keeps a message, in seconds; a shorter time would lose tasks that wait."""
LONG_POLL = 20
"""The longest that SQS lets a receiver wait, in seconds."""


@dataclass(frozen=True)
class Inputs:
    """Where the broker stands, who may reach it, its parameters, the secret with its token; and the customer's key."""

    database_subnet_ids: Values | None
    broker_security_group_id: Value | None
    broker_parameter_group: Value | None
    broker_secret_arn: Value | None
    key_arn: Value | None


@dataclass(frozen=True)
class Outputs:
    """Where scheduler and workers find the broker: its address, or SQS's queues by the names that DAGs know."""

    broker_host: Value | None = None
    broker_port: Value | None = None
    queue_url: ByName = field(default_factory=dict)
    queue_arn: ByName = field(default_factory=dict)


def build(template: Template, settings: Settings, inputs: Inputs) -> Outputs:
    """Broker: what carries tasks from the scheduler to the workers, encrypted at rest and in transit."""
    return _queues(template, settings, inputs) if settings.celery_backend.sqs else _server(template, settings, inputs)


def _server(template: Template, settings: Settings, inputs: Inputs) -> Outputs:
    """Add one shard with cluster mode off, since Celery's keys may not be spread over slots."""
    wanted = settings.celery_backend
    subnets = template.add_resource(
        SubnetGroup(
            "BrokerSubnets",
            Description=f"Subnets of {settings.stack_name}'s broker",
            SubnetIds=inputs.database_subnet_ids,
        )
    )
    several_zones = wanted.az_mode == "cross-az"
    broker = ReplicationGroup(
        "Broker",
        ReplicationGroupDescription=f"Celery's broker of {settings.stack_name}",
        Engine=wanted.engine,
        EngineVersion=wanted.version,
        AutoMinorVersionUpgrade=wanted.auto_minor_version_upgrade,
        CacheNodeType=wanted.instance_type,
        NumCacheClusters=wanted.num_nodes,
        AutomaticFailoverEnabled=several_zones,
        MultiAZEnabled=several_zones,
        Port=wanted.port,
        CacheSubnetGroupName=Ref(subnets),
        CacheParameterGroupName=inputs.broker_parameter_group,
        SecurityGroupIds=[inputs.broker_security_group_id],
        TransitEncryptionEnabled=True,
        AtRestEncryptionEnabled=True,
        AuthToken=Sub("{{resolve:secretsmanager:${BrokerSecretArn}:SecretString}}"),
    )
    if inputs.key_arn is not None:
        broker.KmsKeyId = inputs.key_arn
    template.add_resource(passing(broker))
    return Outputs(GetAtt(broker, "PrimaryEndPoint.Address"), GetAtt(broker, "PrimaryEndPoint.Port"))


def _queues(template: Template, settings: Settings, inputs: Inputs) -> Outputs:
    """Add a queue for each that workers take tasks from.

    AWS makes up their names, as one that was deleted cannot be made again for a minute; Celery is told their URLs
    (kombu's `predefined_queues`) and then neither lists nor makes queues.
    https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_CreateQueue.html
    https://docs.celeryq.dev/projects/kombu/en/stable/reference/kombu.transport.SQS.html
    """
    names = sorted({group.queue for group in settings.worker_groups.values()})
    queues = {
        name: _queue(template, name, settings.celery_backend.visibility_timeout, inputs.key_arn) for name in names
    }
    return Outputs(
        queue_url={name: Ref(queue) for name, queue in queues.items()},
        queue_arn={name: GetAtt(queue, "Arn") for name, queue in queues.items()},
    )


def _queue(template: Template, name: str, visibility_timeout: int, key_arn: Value | None) -> Queue:
    queue = Queue(
        f"{logical_id(name)}Queue",
        MessageRetentionPeriod=FOURTEEN_DAYS,
        ReceiveMessageWaitTimeSeconds=LONG_POLL,
        VisibilityTimeout=visibility_timeout,
    )
    if key_arn is None:
        queue.SqsManagedSseEnabled = True
        accepted(queue, CKV_AWS_27="SQS encrypts with its own key, free of charge; kms.customerKey uses yours")
    else:
        queue.KmsMasterKeyId = key_arn
    policy = QueuePolicy(
        f"{queue.title}Policy",
        Queues=[Ref(queue)],
        PolicyDocument=resource_policies.document(resource_policies.queue_without_tls(GetAtt(queue, "Arn"))),
    )
    template.add_resource(passing(policy))
    return template.add_resource(passing(queue))

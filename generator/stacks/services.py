"""The services: for each component an ECS task definition and the service that keeps it running."""

from dataclasses import dataclass

from troposphere import GetAtt, Ref, Sub, Template
from troposphere.ecs import (
    AwsvpcConfiguration,
    ContainerDefinition,
    DeploymentCircuitBreaker,
    DeploymentConfiguration,
    Environment,
    HealthCheck,
    LoadBalancer,
    LogConfiguration,
    NetworkConfiguration,
    PortMapping,
    RuntimePlatform,
    Secret,
    ServiceRegistry,
    TaskDefinition,
)
from troposphere.ecs import Service as EcsService
from troposphere.servicediscovery import DnsConfig, DnsRecord, HealthCheckCustomConfig
from troposphere.servicediscovery import Service as DiscoveryService

from generator.airflow.components import Component, components
from generator.airflow.secrets import secret_names
from generator.airflow.variables import constant_variables
from generator.config.settings import Settings
from generator.stacks.nesting import Value, Values
from generator.stacks.secrets import DATABASE_USER

STOP_TIMEOUT = 120  # seconds: the most that Fargate grants
# Seconds that a component waits for the database's migration before it gives up. ECS ends one that is not healthy
# after its start period and the retries of its health check (390 s): the line in the log comes before that.
MIGRATION_TIMEOUT = 360
NAME_LIFETIME = 10  # seconds that a component's address may be cached by those who ask for it


@dataclass(frozen=True)
class Inputs:
    """Everything that the components are connected to."""

    image: Value
    cluster_name: Value
    log_group: Value
    namespace_id: Value
    target_group_arn: Value
    url: Value
    subnet_ids: Values
    tasks_security_group_id: Value
    execution_role_arn: Value
    task_role_arn: Value
    logs_bucket: Value
    database_host: Value
    database_port: Value
    broker_host: Value
    broker_port: Value
    database_secret_arn: Value
    broker_secret_arn: Value
    fernet_secret_arn: Value
    jwt_secret_arn: Value
    session_secret_arn: Value
    admin_secret_arn: Value


@dataclass(frozen=True)
class Outputs:
    """Nothing waits for the services."""


def build(template: Template, settings: Settings, inputs: Inputs) -> Outputs:
    """Services: Airflow's components, each a task definition and the service that keeps it running."""
    for component in components(settings):
        definition = template.add_resource(_task_definition(component, settings, inputs))
        template.add_resource(_service(template, component, definition, inputs))
    return Outputs()


def _task_definition(component: Component, settings: Settings, inputs: Inputs) -> TaskDefinition:
    variables = plain_variables(settings, inputs)
    check = component.health_check
    container = ContainerDefinition(
        Name=component.name,
        Image=inputs.image,
        Command=component.command,
        Essential=True,
        StopTimeout=STOP_TIMEOUT,
        Environment=[Environment(Name=name, Value=value) for name, value in sorted(variables.items())],
        Secrets=[Secret(Name=name, ValueFrom=arn) for name, arn in sorted(secrets(component, inputs).items())],
        HealthCheck=HealthCheck(
            Command=list(check.command),
            Interval=check.interval,
            Timeout=check.timeout,
            Retries=check.retries,
            StartPeriod=check.start_period,
        ),
        LogConfiguration=LogConfiguration(
            LogDriver="awslogs",
            Options={
                "awslogs-group": inputs.log_group,
                "awslogs-region": Ref("AWS::Region"),
                "awslogs-stream-prefix": component.name,
            },
        ),
    )
    if component.port:
        container.PortMappings = [PortMapping(ContainerPort=component.port)]
    return TaskDefinition(
        f"{component.title}TaskDefinition",
        Family=f"{settings.stack_name}-{component.name}",
        Cpu=str(component.cpu),
        Memory=str(component.memory),
        NetworkMode="awsvpc",
        RequiresCompatibilities=["FARGATE"],
        RuntimePlatform=RuntimePlatform(CpuArchitecture="X86_64", OperatingSystemFamily="LINUX"),
        ExecutionRoleArn=inputs.execution_role_arn,
        TaskRoleArn=inputs.task_role_arn,
        ContainerDefinitions=[container],
    )


def plain_variables(settings: Settings, inputs: Inputs) -> dict[str, Value]:
    """Every variable that is no secret; the user's own win over ours."""
    return {
        **constant_variables(settings),
        "AIRFLOW__API__BASE_URL": inputs.url,
        "AIRFLOW__LOGGING__REMOTE_BASE_LOG_FOLDER": Sub("s3://${LogsBucket}/logs"),
        "AWS_DEFAULT_REGION": Ref("AWS::Region"),
        "DATABASE_HOST": inputs.database_host,
        "DATABASE_PORT": inputs.database_port,
        "DATABASE_NAME": settings.metadata_db.db_name,
        "DATABASE_USER": DATABASE_USER,
        "BROKER_HOST": inputs.broker_host,
        "BROKER_PORT": inputs.broker_port,
        "ADMIN_USER": settings.airflow.admin_user,
        "ADMIN_EMAIL": settings.airflow.admin_email,
        "MIGRATION_TIMEOUT": str(MIGRATION_TIMEOUT),
        **settings.airflow.variables,
    }


def secrets(component: Component, inputs: Inputs) -> dict[str, Value]:
    """Variables that ECS fills from Secrets Manager: name -> ARN, with the JSON key where the secret has several.

    https://docs.aws.amazon.com/AmazonECS/latest/developerguide/secrets-envvar-secrets-manager.html
    """
    arns: dict[str, Value] = {
        "DATABASE_PASSWORD": Sub("${DatabaseSecretArn}:password::"),
        "BROKER_TOKEN": inputs.broker_secret_arn,
        "FERNET_KEY": inputs.fernet_secret_arn,
        "AIRFLOW__API_AUTH__JWT_SECRET": inputs.jwt_secret_arn,
        "AIRFLOW__API__SECRET_KEY": inputs.session_secret_arn,
        "ADMIN_PASSWORD": Sub("${AdminSecretArn}:password::"),
    }
    return {name: arns[name] for name in secret_names(component.name)}


def _service(template: Template, component: Component, definition: TaskDefinition, inputs: Inputs) -> EcsService:
    service = EcsService(
        f"{component.title}Service",
        Cluster=inputs.cluster_name,
        LaunchType="FARGATE",
        TaskDefinition=Ref(definition),
        # DesiredCount is left out on purpose: with it, every update would undo what autoscaling did.
        EnableExecuteCommand=True,
        PropagateTags="SERVICE",
        EnableECSManagedTags=True,
        DeploymentConfiguration=DeploymentConfiguration(
            MinimumHealthyPercent=100,
            MaximumPercent=200,
            DeploymentCircuitBreaker=DeploymentCircuitBreaker(Enable=True, Rollback=True),
        ),
        NetworkConfiguration=NetworkConfiguration(
            AwsvpcConfiguration=AwsvpcConfiguration(
                # Without NAT a task reaches AWS by a public address of its own; its security group lets nobody in.
                AssignPublicIp="ENABLED",
                Subnets=inputs.subnet_ids,
                SecurityGroups=[inputs.tasks_security_group_id],
            )
        ),
    )
    if component.migrates:
        _open_to_others(template, component, service, inputs)
    return service


def _open_to_others(template: Template, component: Component, service: EcsService, inputs: Inputs) -> None:
    """Attach the service to the load balancer, for people, and to a private name, for the other components."""
    name = template.add_resource(
        DiscoveryService(
            f"{component.title}Name",
            Name=component.name,
            Description=f"Where the other components find the {component.name}",
            NamespaceId=inputs.namespace_id,
            # ECS says which tasks are healthy; without it a task is found by its name before it serves.
            HealthCheckCustomConfig=HealthCheckCustomConfig(FailureThreshold=1),
            DnsConfig=DnsConfig(DnsRecords=[DnsRecord(Type="A", TTL=str(NAME_LIFETIME))], RoutingPolicy="MULTIVALUE"),
        )
    )
    service.ServiceRegistries = [ServiceRegistry(RegistryArn=GetAtt(name, "Arn"))]
    service.HealthCheckGracePeriodSeconds = component.health_check.start_period
    service.LoadBalancers = [
        LoadBalancer(ContainerName=component.name, ContainerPort=component.port, TargetGroupArn=inputs.target_group_arn)
    ]

"""The services: for each component an ECS task definition and the service that keeps it running."""

from dataclasses import dataclass

from troposphere import GetAtt, Ref, Tags, Template
from troposphere.ecs import (
    AwsvpcConfiguration,
    CapacityProviderStrategyItem,
    DeploymentCircuitBreaker,
    DeploymentConfiguration,
    LoadBalancer,
    NetworkConfiguration,
    RuntimePlatform,
    ServiceRegistry,
    TaskDefinition,
)
from troposphere.ecs import Service as EcsService
from troposphere.servicediscovery import DnsConfig, DnsRecord, HealthCheckCustomConfig
from troposphere.servicediscovery import Service as DiscoveryService

from generator.airflow.components import DATABASE, Component, components
from generator.config.settings import Settings
from generator.stacks import scaling
from generator.stacks.containers import airflow_container, metrics_container
from generator.stacks.nesting import ByName, Value, Values

NAME_LIFETIME = 10  # seconds that a component's address may be cached by those who ask for it


@dataclass(frozen=True)
class Inputs:
    """Everything that the components are connected to."""

    image: Value
    cluster_name: Value
    namespace_id: Value
    url: Value
    target_group_arn: ByName
    task_subnet_ids: Values
    security_group_id: ByName
    execution_role_arn: ByName
    task_role_arn: ByName
    log_group: Value
    task_logs: Value
    secret_arn: ByName
    database_host: Value
    database_port: Value
    broker_host: Value | None
    broker_port: Value | None
    queue_url: ByName


@dataclass(frozen=True)
class Outputs:
    """Names of the services whose number of tasks changes, by component."""

    service_name: ByName


def build(template: Template, settings: Settings, inputs: Inputs) -> Outputs:
    """Services: Airflow's components, each a task definition and the service that keeps it running."""
    made: dict[str, EcsService] = {}
    every = components(settings)
    for component in every:
        definition = template.add_resource(_task_definition(component, settings, inputs))
        made[component.name] = template.add_resource(_service(template, component, settings, definition, inputs))
        if DATABASE in component.reaches and not component.migrates:
            # An image first shows in the one that migrates that it works; nobody waits for a migration meanwhile, and
            # no worker is newer than the API server that it asks.
            made[component.name].DependsOn = [f"{one.title}Service" for one in every if one.migrates]
    return Outputs({one.name: GetAtt(made[one.name], "Name") for one in scaling.scaled(settings)})


def _task_definition(component: Component, settings: Settings, inputs: Inputs) -> TaskDefinition:
    containers = [airflow_container(component, settings, inputs)]
    if component.measures and settings.alarms.email:
        containers.append(metrics_container(component, settings, inputs))
    return TaskDefinition(
        f"{component.title}TaskDefinition",
        Family=f"{settings.stack_name}-{component.name}",
        Cpu=str(component.task.cpu),
        Memory=str(component.task.memory),
        NetworkMode="awsvpc",
        RequiresCompatibilities=["FARGATE"],
        RuntimePlatform=RuntimePlatform(
            CpuArchitecture=settings.service.architecture.upper(), OperatingSystemFamily="LINUX"
        ),
        ExecutionRoleArn=inputs.execution_role_arn[component.name],
        TaskRoleArn=inputs.task_role_arn[component.name],
        ContainerDefinitions=containers,
    )


def _service(
    template: Template, component: Component, settings: Settings, definition: TaskDefinition, inputs: Inputs
) -> EcsService:
    """Keep a component running.

    DesiredCount is left out on purpose: with it, every update would undo what autoscaling did. How many tasks a new
    service shall have, where not one, is told to the deployer by a tag.
    """
    service = EcsService(
        f"{component.title}Service",
        Cluster=inputs.cluster_name,
        CapacityProviderStrategy=[
            CapacityProviderStrategyItem(CapacityProvider=_capacity(component, settings), Weight=1)
        ],
        TaskDefinition=Ref(definition),
        EnableExecuteCommand=True,
        PropagateTags="SERVICE",
        EnableECSManagedTags=True,
        DeploymentConfiguration=DeploymentConfiguration(
            MinimumHealthyPercent=100,
            MaximumPercent=200,
            DeploymentCircuitBreaker=DeploymentCircuitBreaker(Enable=True, Rollback=True),
        ),
        NetworkConfiguration=_network(component, settings, inputs),
    )
    if component.task.first != 1:
        service.Tags = Tags(DesiredCount=str(component.task.first))
    if component.found_by_name:
        name = template.add_resource(_private_name(component, inputs))
        service.ServiceRegistries = [ServiceRegistry(RegistryArn=GetAtt(name, "Arn"))]
    if component.in_front:
        targets = inputs.target_group_arn[component.name]
        behind = LoadBalancer(ContainerName=component.name, ContainerPort=component.port, TargetGroupArn=targets)
        service.LoadBalancers = [behind]
        service.HealthCheckGracePeriodSeconds = component.grace_period
    return service


def _capacity(component: Component, settings: Settings) -> str:
    """Fargate, or its Spot capacity; named as a strategy in any case, since that can change without a new service.

    https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-resource-ecs-service.html
    """
    spot = settings.service.spot == "all" or (settings.service.spot == "workers" and component.kind == "workers")
    return "FARGATE_SPOT" if spot else "FARGATE"


def _network(component: Component, settings: Settings, inputs: Inputs) -> NetworkConfiguration:
    """Without NAT a task reaches AWS by a public address of its own; its security group lets nobody in."""
    return NetworkConfiguration(
        AwsvpcConfiguration=AwsvpcConfiguration(
            AssignPublicIp="ENABLED" if settings.assigns_public_addresses else "DISABLED",
            Subnets=inputs.task_subnet_ids,
            SecurityGroups=[inputs.security_group_id[component.name]],
        )
    )


def _private_name(component: Component, inputs: Inputs) -> DiscoveryService:
    """A name for the other components; each of the component's tasks is an address of it."""
    return DiscoveryService(
        f"{component.title}Name",
        Name=component.name,
        Description=f"Where the other components find the {component.name}",
        NamespaceId=inputs.namespace_id,
        # ECS says which tasks are healthy; without it a task is found by its name before it serves.
        HealthCheckCustomConfig=HealthCheckCustomConfig(FailureThreshold=1),
        DnsConfig=DnsConfig(DnsRecords=[DnsRecord(Type="A", TTL=str(NAME_LIFETIME))], RoutingPolicy="MULTIVALUE"),
    )

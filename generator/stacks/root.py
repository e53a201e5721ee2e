"""The root stack: which nested stacks there are, and which output of one is which input of another."""

from collections.abc import Sequence
from dataclasses import dataclass

from troposphere import Output, Template

from generator.airflow.components import components, secret_names
from generator.config.settings import Settings
from generator.stacks import (
    alarms,
    broker,
    cluster,
    database,
    endpoints,
    firewall,
    load_balancer,
    nat,
    network,
    parameter_groups,
    roles,
    scaling,
    secrets,
    services,
    storage,
)
from generator.stacks.nesting import ByName, Tree, Value, add, parameters, stack_template


@dataclass(frozen=True)
class Inputs:
    """What is known only when deploying."""

    image: Value
    secret_arn: ByName
    key_arn: Value | None


def build(settings: Settings) -> dict[str, Template]:
    """The root and its nested stacks by file name.

    No stack waits for what it does not need: CloudFormation starts each as soon as its inputs are there.
    """
    root = stack_template(f"Airflow on AWS: {settings.stack_name}")
    inputs = _inputs(root, settings)
    tree = Tree(settings)
    if settings.own_network:
        logs_key = inputs.key_arn if settings.network.flow_logs else None
        net = add(tree, root, network.build, network.Inputs(key_arn=logs_key))
    else:
        net = network.existing(settings)
    wall = add(tree, root, firewall.build, firewall.Inputs(vpc_id=net.vpc_id))
    groups = wall.security_group_id
    if settings.network.mode == "private":
        ways = nat.Inputs(nat_subnet_id=net.nat_subnet_id, route_table_id=net.route_table_id)
        add(tree, root, nat.build, ways)
    if settings.own_network or settings.makes_endpoints:
        doors = endpoints.Inputs(
            vpc_id=net.vpc_id,
            route_table_ids=net.route_table_ids,
            endpoint_subnet_ids=net.endpoint_subnet_ids,
            endpoints_security_group_id=groups.get("endpoints"),
        )
        add(tree, root, endpoints.build, doors)
    keys = add(tree, root, secrets.build, secrets.Inputs(inputs.secret_arn, inputs.key_arn)).secret_arn
    store = add(tree, root, storage.build, storage.Inputs(key_arn=inputs.key_arn))
    tuned = add(tree, root, parameter_groups.build, parameter_groups.Inputs())
    data = add(
        tree,
        root,
        database.build,
        database.Inputs(
            database_subnet_ids=net.database_subnet_ids,
            database_security_group_id=groups["database"],
            database_parameter_group=tuned.database_parameter_group,
            database_cluster_parameter_group=tuned.database_cluster_parameter_group,
            database_secret_arn=keys["database"],
            key_arn=inputs.key_arn if database.takes_key(settings) else None,
        ),
    )
    sqs = settings.celery_backend.sqs
    queue = add(
        tree,
        root,
        broker.build,
        broker.Inputs(
            database_subnet_ids=None if sqs else net.database_subnet_ids,
            broker_security_group_id=groups.get("broker"),
            broker_parameter_group=tuned.broker_parameter_group,
            broker_secret_arn=keys.get("broker"),
            key_arn=inputs.key_arn,
        ),
    )
    place = add(tree, root, cluster.build, cluster.Inputs(vpc_id=net.vpc_id))
    front = add(
        tree,
        root,
        load_balancer.build,
        load_balancer.Inputs(
            vpc_id=net.vpc_id,
            load_balancer_subnet_ids=net.load_balancer_subnet_ids,
            load_balancer_security_group_id=groups["load-balancer"],
            entrance_security_group_id=wall.entrance_security_group_id,
        ),
    )
    rights = add(
        tree,
        root,
        roles.build,
        roles.Inputs(
            secret_arn=keys,
            log_group=store.log_group,
            logs_bucket=store.logs_bucket,
            task_log_group_arn=store.task_log_group_arn,
            queue_arn=queue.queue_arn,
            key_arn=inputs.key_arn,
        ),
    )
    running = add(
        tree,
        root,
        services.build,
        services.Inputs(
            image=inputs.image,
            cluster_name=place.cluster_name,
            namespace_id=place.namespace_id,
            url=front.url,
            target_group_arn=front.target_group_arn,
            task_subnet_ids=net.task_subnet_ids,
            security_group_id={one.name: groups[one.name] for one in components(settings)},
            execution_role_arn=rights.execution_role_arn,
            task_role_arn=rights.task_role_arn,
            log_group=store.log_group,
            task_logs=store.task_logs,
            secret_arn=keys,
            database_host=data.database_host,
            database_port=data.database_port,
            broker_host=queue.broker_host,
            broker_port=queue.broker_port,
            queue_url=queue.queue_url,
        ),
        after=("nat", "endpoints"),
    )
    if scaling.wanted(settings):
        add(tree, root, scaling.build, scaling.Inputs(place.cluster_name, running.service_name))
    if settings.alarms.email:
        watched = alarms.Inputs(database_id=data.database_id, key_arn=inputs.key_arn)
        add(tree, root, alarms.build, watched, after=["services"])
    _outputs(root, settings, front, keys, place, store)
    return {"root.yml": root, **tree.templates}


def _inputs(root: Template, settings: Settings) -> Inputs:
    """Root parameters: the image, secrets that exist already (empty: made here), and the customer's key."""
    names: Sequence[str] = secret_names(settings)
    wanted = Inputs("", dict.fromkeys(names, ""), "" if settings.kms.customer else None)
    return parameters(
        root,
        wanted,
        defaults={f"{name.capitalize()}SecretArn": "" for name in names},
        image="Reference of the image that every component runs",
        secret_arn="A secret that exists already; empty: one is made",  # noqa: S106 - says what the parameter is
        key_arn="Key that encrypts what is kept",
    )


def _outputs(
    root: Template,
    settings: Settings,
    front: load_balancer.Outputs,
    keys: ByName,
    place: cluster.Outputs,
    store: storage.Outputs,
) -> None:
    """What people want to know when a deploy is done."""
    outputs = {
        "Url": ("Address of the web interface", front.url),
        "AdminUser": ("Name of the first user", settings.airflow.admin_user),
        "AdminSecretArn": ("Secret with the first user's password", keys["admin"]),
        "ClusterName": ("ECS cluster of the components", place.cluster_name),
        "LogGroup": ("Log group of the components", store.log_group),
        "TaskLogs": ("Where the logs of tasks are", store.task_logs),
    }
    for name, (description, value) in outputs.items():
        root.add_output(Output(name, Description=description, Value=value))

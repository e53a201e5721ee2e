"""The root stack: which nested stacks there are, and which output of one is which input of another."""

from collections.abc import Sequence
from dataclasses import dataclass

from troposphere import Output, Template

from generator.airflow.components import components, secret_names
from generator.config.settings import Settings
from generator.logical_ids import logical_id
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


@dataclass(frozen=True)
class Kept:
    """What waits for no network: secrets, where logs go, parameters of the servers."""

    keys: ByName
    logs: storage.Outputs
    tuned: parameter_groups.Outputs


def build(settings: Settings) -> dict[str, Template]:
    """The root and its nested stacks by file name.

    No stack waits for what it does not need: CloudFormation starts each as soon as its inputs are there.
    """
    root = stack_template(f"Airflow on AWS: {settings.stack_name}")
    inputs = _inputs(root, settings)
    tree = Tree(settings)
    net = _network(tree, root, inputs)
    wall = add(tree, root, firewall.build, firewall.Inputs(vpc_id=net.vpc_id))
    _ways_out(tree, root, net, wall)
    kept = Kept(
        add(tree, root, secrets.build, secrets.Inputs(inputs.secret_arn, inputs.key_arn)).secret_arn,
        add(tree, root, storage.build, storage.Inputs(key_arn=inputs.key_arn)),
        add(tree, root, parameter_groups.build, parameter_groups.Inputs()),
    )
    data = _database(tree, root, inputs, net, wall, kept)
    queue = _broker(tree, root, inputs, net, wall, kept)
    place = add(tree, root, cluster.build, cluster.Inputs(vpc_id=net.vpc_id))
    front = _entrance(tree, root, net, wall)
    running = _services(tree, root, inputs, net, wall, kept, data, queue, place, front)
    if scaling.wanted(settings):
        add(tree, root, scaling.build, scaling.Inputs(place.cluster_name, running.service_name))
    if settings.alarms.email:
        watched = alarms.Inputs(database_id=data.database_id, key_arn=inputs.key_arn)
        add(tree, root, alarms.build, watched, after=["services"])
    _outputs(root, settings, front, kept, place)
    return {"root.yml": root, **tree.templates}


def _network(tree: Tree, root: Template, inputs: Inputs) -> network.Outputs:
    if not tree.settings.own_network:
        return network.existing(tree.settings)
    logs_key = inputs.key_arn if tree.settings.network.flow_logs else None
    return add(tree, root, network.build, network.Inputs(key_arn=logs_key))


def _ways_out(tree: Tree, root: Template, net: network.Outputs, wall: firewall.Outputs) -> None:
    """NAT gateways and endpoints, in stacks of their own: only the services wait for them."""
    settings = tree.settings
    if settings.network.mode == "private":
        ways = nat.Inputs(nat_subnet_id=net.nat_subnet_id, route_table_id=net.route_table_id)
        add(tree, root, nat.build, ways)
    if settings.own_network or settings.makes_endpoints:
        doors = endpoints.Inputs(
            vpc_id=net.vpc_id,
            route_table_ids=net.route_table_ids,
            endpoint_subnet_ids=net.endpoint_subnet_ids,
            endpoints_security_group_id=wall.security_group_id.get("endpoints"),
        )
        add(tree, root, endpoints.build, doors)


def _database(
    tree: Tree, root: Template, inputs: Inputs, net: network.Outputs, wall: firewall.Outputs, kept: Kept
) -> database.Outputs:
    wanted = database.Inputs(
        database_subnet_ids=net.database_subnet_ids,
        database_security_group_id=wall.security_group_id["database"],
        database_parameter_group=kept.tuned.database_parameter_group,
        database_cluster_parameter_group=kept.tuned.database_cluster_parameter_group,
        database_secret_arn=kept.keys["database"],
        key_arn=inputs.key_arn if database.takes_key(tree.settings) else None,
    )
    return add(tree, root, database.build, wanted)


def _broker(
    tree: Tree, root: Template, inputs: Inputs, net: network.Outputs, wall: firewall.Outputs, kept: Kept
) -> broker.Outputs:
    wanted = broker.Inputs(
        database_subnet_ids=None if tree.settings.celery_backend.sqs else net.database_subnet_ids,
        broker_security_group_id=wall.security_group_id.get("broker"),
        broker_parameter_group=kept.tuned.broker_parameter_group,
        broker_secret_arn=kept.keys.get("broker"),
        key_arn=inputs.key_arn,
    )
    return add(tree, root, broker.build, wanted)


def _entrance(tree: Tree, root: Template, net: network.Outputs, wall: firewall.Outputs) -> load_balancer.Outputs:
    wanted = load_balancer.Inputs(
        vpc_id=net.vpc_id,
        load_balancer_subnet_ids=net.load_balancer_subnet_ids,
        load_balancer_security_group_id=wall.security_group_id["load-balancer"],
        entrance_security_group_id=wall.entrance_security_group_id,
    )
    return add(tree, root, load_balancer.build, wanted)


def _services(
    tree: Tree,
    root: Template,
    inputs: Inputs,
    net: network.Outputs,
    wall: firewall.Outputs,
    kept: Kept,
    data: database.Outputs,
    queue: broker.Outputs,
    place: cluster.Outputs,
    front: load_balancer.Outputs,
) -> services.Outputs:
    """The components' roles, and the components: these wait for a way out that they take no output of."""
    rights = add(
        tree,
        root,
        roles.build,
        roles.Inputs(
            secret_arn=kept.keys,
            log_group=kept.logs.log_group,
            logs_bucket=kept.logs.logs_bucket,
            task_log_group_arn=kept.logs.task_log_group_arn,
            queue_arn=queue.queue_arn,
            key_arn=inputs.key_arn,
        ),
    )
    wanted = services.Inputs(
        image=inputs.image,
        cluster_name=place.cluster_name,
        namespace_id=place.namespace_id,
        url=front.url,
        target_group_arn=front.target_group_arn,
        task_subnet_ids=net.task_subnet_ids,
        security_group_id={one.name: wall.security_group_id[one.name] for one in components(tree.settings)},
        execution_role_arn=rights.execution_role_arn,
        task_role_arn=rights.task_role_arn,
        log_group=kept.logs.log_group,
        task_logs=kept.logs.task_logs,
        secret_arn=kept.keys,
        database_host=data.database_host,
        database_port=data.database_port,
        broker_host=queue.broker_host,
        broker_port=queue.broker_port,
        queue_url=queue.queue_url,
    )
    return add(tree, root, services.build, wanted, after=("nat", "endpoints"))


def _inputs(root: Template, settings: Settings) -> Inputs:
    """Root parameters: the image, secrets that exist already (empty: made here), and the customer's key."""
    names: Sequence[str] = secret_names(settings)
    wanted = Inputs("", dict.fromkeys(names, ""), "" if settings.kms.customer else None)
    return parameters(
        root,
        wanted,
        defaults={f"{logical_id(name)}SecretArn": "" for name in names},
        image="Reference of the image that every component runs",
        secret_arn="A secret that exists already; empty: one is made",  # noqa: S106 - says what the parameter is
        key_arn="Key that encrypts what is kept",
    )


def _outputs(
    root: Template,
    settings: Settings,
    front: load_balancer.Outputs,
    kept: Kept,
    place: cluster.Outputs,
) -> None:
    """What people want to know when a deploy is done."""
    outputs = {
        "Url": ("Address of the web interface", front.url),
        "AdminUser": ("Name of the first user", settings.airflow.admin_user),
        "AdminSecretArn": ("Secret with the first user's password", kept.keys["admin"]),
        "ClusterName": ("ECS cluster of the components", place.cluster_name),
        "LogGroup": ("Log group of the components", kept.logs.log_group),
        "TaskLogs": ("Where the logs of tasks are", kept.logs.task_logs),
    }
    for name, (description, value) in outputs.items():
        root.add_output(Output(name, Description=description, Value=value))

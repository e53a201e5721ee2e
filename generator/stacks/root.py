"""The root stack: which nested stacks there are, and which output of one is which input of another."""

from dataclasses import dataclass

from troposphere import Output, Template

from generator.config.settings import Settings
from generator.stacks import broker, cluster, database, network, roles, secrets, services, storage
from generator.stacks.nesting import Tree, Value, add, parameters, stack_template


@dataclass(frozen=True)
class Inputs:
    """What is known only when deploying."""

    image: Value


def build(settings: Settings) -> dict[str, Template]:
    """The root and its nested stacks by file name.

    No stack waits for what it does not need: CloudFormation starts each as soon as its inputs are there.
    """
    root = stack_template(f"Airflow on AWS: {settings.stack_name}")
    inputs = parameters(root, Inputs, image="Reference of the image that every component runs")
    tree = Tree(settings)
    net = add(tree, root, network.build, network.Inputs())
    keys = add(tree, root, secrets.build, secrets.Inputs())
    store = add(tree, root, storage.build, storage.Inputs())
    place = {"vpc_id": net.vpc_id, "tasks_security_group_id": net.tasks_security_group_id}
    data = add(
        tree,
        root,
        database.build,
        database.Inputs(**place, subnet_ids=net.subnet_ids, database_secret_arn=keys.database_secret_arn),
    )
    queue = add(
        tree,
        root,
        broker.build,
        broker.Inputs(**place, subnet_ids=net.subnet_ids, broker_secret_arn=keys.broker_secret_arn),
    )
    front = add(tree, root, cluster.build, cluster.Inputs(**place, subnet_ids=net.subnet_ids))
    rights = add(
        tree,
        root,
        roles.build,
        roles.Inputs(logs_bucket=store.logs_bucket, log_group_arn=store.log_group_arn, **vars(keys)),
    )
    add(
        tree,
        root,
        services.build,
        services.Inputs(
            image=inputs.image,
            subnet_ids=net.subnet_ids,
            tasks_security_group_id=net.tasks_security_group_id,
            logs_bucket=store.logs_bucket,
            log_group=store.log_group,
            **vars(keys),
            **vars(data),
            **vars(queue),
            **vars(front),
            **vars(rights),
        ),
    )
    _outputs(root, settings, front, keys, store)
    return {"root.yml": root, **tree.templates}


def _outputs(
    root: Template, settings: Settings, front: cluster.Outputs, keys: secrets.Outputs, store: storage.Outputs
) -> None:
    """What people want to know when a deploy is done."""
    outputs = {
        "Url": ("Address of the web interface", front.url),
        "AdminUser": ("Name of the first user", settings.airflow.admin_user),
        "AdminSecretArn": ("Secret with the first user's password", keys.admin_secret_arn),
        "ClusterName": ("ECS cluster of the components", front.cluster_name),
        "LogGroup": ("Log group of the components", store.log_group),
        "LogsBucket": ("Bucket of the task logs", store.logs_bucket),
    }
    for name, (description, value) in outputs.items():
        root.add_output(Output(name, Description=description, Value=value))

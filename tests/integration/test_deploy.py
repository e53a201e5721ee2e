"""`make airflow-deploy ENVIRONMENT=local` and back, in a fresh clone, without a terminal."""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from deployer.aws import connect
from deployer.cloudformation.stacks import StackNames
from deployer.destroying import destruction
from deployer.errors import FAILED
from deployer.tools import Tools
from local import embedded_aws
from local.embedded_aws import Endpoint
from local.layout import Layout
from tests.faults.runs import REASON, run, templates
from tests.integration.commands import make
from tests.integration.machine import running_in

# What a service holds: its client, the question, and the key of the answer that lists it.
EVERYTHING = (
    ("cloudformation", "list_stacks", "StackSummaries"),
    ("ec2", "describe_vpcs", "Vpcs"),
    ("ec2", "describe_subnets", "Subnets"),
    ("ec2", "describe_internet_gateways", "InternetGateways"),
    ("ec2", "describe_route_tables", "RouteTables"),
    ("ec2", "describe_security_groups", "SecurityGroups"),
    ("ec2", "describe_addresses", "Addresses"),
    ("ec2", "describe_vpc_endpoints", "VpcEndpoints"),
    ("ec2", "describe_flow_logs", "FlowLogs"),
    ("ecr", "describe_repositories", "repositories"),
    ("ecs", "list_clusters", "clusterArns"),
    ("ecs", "list_task_definitions", "taskDefinitionArns"),
    ("elasticache", "describe_replication_groups", "ReplicationGroups"),
    ("elasticache", "describe_cache_subnet_groups", "CacheSubnetGroups"),
    ("elasticache", "describe_cache_parameter_groups", "CacheParameterGroups"),
    ("elbv2", "describe_load_balancers", "LoadBalancers"),
    ("elbv2", "describe_target_groups", "TargetGroups"),
    ("iam", "list_roles", "Roles"),
    ("logs", "describe_log_groups", "logGroups"),
    ("rds", "describe_db_instances", "DBInstances"),
    ("rds", "describe_db_subnet_groups", "DBSubnetGroups"),
    ("rds", "describe_db_parameter_groups", "DBParameterGroups"),
    ("s3", "list_buckets", "Buckets"),
    ("secretsmanager", "list_secrets", "SecretList"),
    ("sqs", "list_queues", "QueueUrls"),
    ("servicediscovery", "list_namespaces", "Namespaces"),
    ("servicediscovery", "list_services", "Services"),
)
DEPLOY = ("airflow-deploy", "ENVIRONMENT=local", "ARGS=--yes")


@pytest.fixture(scope="module")
def endpoint(clone: Path) -> Iterator[Endpoint]:
    make(clone, ".venv/ready")
    layout = Layout(clone)
    yield embedded_aws.start(layout, lambda _: None)
    embedded_aws.stop(layout)


def everything(endpoint: Endpoint) -> dict[str, int]:
    session: Any = endpoint.session()
    counts = {}
    for service, question, key in EVERYTHING:
        client = session.client(service, endpoint_url=endpoint.url)
        found = getattr(client, question)().get(key, [])  # SQS leaves an empty list out
        alive = [
            each for each in found if not (isinstance(each, dict) and each.get("StackStatus") == "DELETE_COMPLETE")
        ]
        counts[f"{service} {key}"] = len(alive)
    return counts


@pytest.fixture(scope="module")
def before(endpoint: Endpoint) -> dict[str, int]:
    """What the emulator holds by itself, such as the default network."""
    return everything(endpoint)


def changed_in(said: str) -> set[str]:
    """Nested stacks of the root in which any resource was touched, as the events tell."""
    return set(re.findall(r"(?:CREATE|UPDATE|DELETE)_COMPLETE +airflow-local/(\w+)/\w+ ", said))


def test_nobody_to_ask_means_nothing_is_done(clone: Path, endpoint: Endpoint, before: dict[str, int]) -> None:
    done = make(clone, "airflow-deploy", "ENVIRONMENT=local", status=2)
    assert "nobody is here to ask" in done.stderr
    assert 'ARGS="--yes"' in done.stderr
    assert everything(endpoint) == before


def test_wrong_settings_stop_it_before_anything(clone: Path, endpoint: Endpoint, before: dict[str, int]) -> None:
    (clone / "wrong.yml").write_text("serviceName: Air\nservce: {}\nenvironments: {local: {}}\n")
    done = make(clone, *DEPLOY, "SETTINGS=wrong.yml", "OUT=nowhere", status=2)
    assert "wrong.yml:2:1: servce: unknown key; did you mean service?" in done.stderr
    assert "wrong.yml:1:1: serviceName: " in done.stderr
    assert not (clone / "nowhere").exists()
    assert everything(endpoint) == before


def test_the_first_deploy_makes_everything_and_gives_its_outputs(clone: Path, endpoint: Endpoint) -> None:
    done = make(clone, *DEPLOY)
    assert "airflow-local-foundation: created" in done.stderr
    assert "airflow-local: created" in done.stderr
    given = dict(line.split(maxsplit=1) for line in done.stdout.partition("\n\n")[0].splitlines())
    assert given["Url"] == "http://localhost:8080"
    ours = {"Url", "AdminUser", "AdminSecretArn", "ClusterName", "LogGroup", "TaskLogs"}
    assert set(given) == ours | {"TemplatesBucket", "RepositoryUri"}  # the foundation's
    session: Any = endpoint.session()
    ecs = session.client("ecs", endpoint_url=endpoint.url)
    arns = ecs.list_services(cluster=given["ClusterName"])["serviceArns"]
    assert len(arns) == 5


def test_the_deployed_definitions_are_whole(clone: Path, endpoint: Endpoint) -> None:
    """Secrets, health checks, time-outs and platform arrive at ECS as the templates have them."""
    session: Any = endpoint.session()
    ecs = session.client("ecs", endpoint_url=endpoint.url)
    template = yaml.safe_load((clone / "templates" / "local" / "services.yml").read_text())
    kind = "AWS::ECS::TaskDefinition"
    wanted = [body["Properties"] for body in template["Resources"].values() if body["Type"] == kind]
    assert len(wanted) == 5
    for properties in wanted:
        deployed = ecs.describe_task_definition(taskDefinition=properties["Family"])["taskDefinition"]
        (container,), (expected,) = deployed["containerDefinitions"], properties["ContainerDefinitions"]
        assert container["command"] == expected["Command"]
        assert {item["name"] for item in container["secrets"]} == {item["Name"] for item in expected["Secrets"]}
        assert all(item["valueFrom"].startswith("arn:aws:secretsmanager:") for item in container["secrets"])
        assert container["healthCheck"]["command"] == expected["HealthCheck"]["Command"]
        assert container["healthCheck"]["startPeriod"] == expected["HealthCheck"]["StartPeriod"]
        plain = {item["name"]: item["value"] for item in container["environment"]}
        assert set(plain) == {item["Name"] for item in expected["Environment"]}
        assert all(
            plain[item["Name"]] == item["Value"] for item in expected["Environment"] if isinstance(item["Value"], str)
        )
        assert [port["containerPort"] for port in container.get("portMappings", [])] == [
            port["ContainerPort"] for port in expected.get("PortMappings", [])
        ]
        assert container["essential"] is True
        assert container["stopTimeout"] == expected["StopTimeout"]
        assert deployed["runtimePlatform"]["cpuArchitecture"] == "X86_64"
        assert (deployed["cpu"], deployed["memory"]) == (properties["Cpu"], properties["Memory"])


def test_the_second_deploy_changes_nothing_and_leaves_no_change_set(clone: Path, endpoint: Endpoint) -> None:
    done = make(clone, *DEPLOY)
    assert "airflow-local-foundation: unchanged" in done.stderr
    assert "airflow-local: unchanged" in done.stderr
    session: Any = endpoint.session()
    client = session.client("cloudformation", endpoint_url=endpoint.url)
    for stack in ("airflow-local", "airflow-local-foundation"):
        left = client.list_change_sets(StackName=stack)["Summaries"]
        assert [each for each in left if each["ExecutionStatus"] == "AVAILABLE" or each["Status"] == "FAILED"] == []


def test_one_setting_changes_one_nested_stack(clone: Path, endpoint: Endpoint) -> None:
    file = clone / "service.yml"
    text = file.read_text()
    changed = text.replace("scheduler: {cpu: 256, memory: 1024}", "scheduler: {cpu: 512, memory: 1024}")
    assert changed != text
    file.write_text(changed)
    done = make(clone, *DEPLOY)
    assert "airflow-local: updated" in done.stderr
    assert "0 to add, 1 to change, 0 to destroy" in done.stderr
    assert changed_in(done.stderr) == {"Services"}
    session: Any = endpoint.session()
    ecs = session.client("ecs", endpoint_url=endpoint.url)
    definition = ecs.describe_task_definition(taskDefinition="airflow-local-scheduler")["taskDefinition"]
    assert definition["cpu"] == "512"


def test_an_update_that_fails_says_why_and_leaves_what_was(clone: Path, endpoint: Endpoint, tmp_path: Path) -> None:
    before = everything(endpoint)
    failing = templates(tmp_path / "failing", "failing", clone / "templates" / "local")
    ended = run("deploy", endpoint.url, failing)
    assert ended.status == FAILED
    assert "airflow-local/Services/Broken" in ended.line
    assert REASON in ended.line
    assert re.search(r"UPDATE_ROLLBACK_COMPLETE +airflow-local ", ended.said)
    assert everything(endpoint) == before
    assert "airflow-local: unchanged" in make(clone, *DEPLOY).stderr


def test_a_destroy_leaves_nothing_in_any_service(clone: Path, endpoint: Endpoint, before: dict[str, int]) -> None:
    aws = connect(endpoint.session(), endpoint.url)
    assert everything(endpoint) != before
    for _ in destruction.destroy(Tools(aws), StackNames("airflow", "local"), lambda planned: bool(planned.goes)):
        pass
    assert everything(endpoint) == before


def test_deploy_destroy_deploy_by_the_commands(clone: Path, endpoint: Endpoint) -> None:
    assert "airflow-local: created" in make(clone, *DEPLOY).stderr
    assert "airflow-local: removed" in make(clone, "airflow-destroy", "ENVIRONMENT=local", "ARGS=--yes").stderr
    assert running_in(clone) == []
    again = make(clone, "airflow-destroy", "ENVIRONMENT=local", "ARGS=--yes")
    assert "there is nothing to remove" in again.stderr
    assert "airflow-local: created" in make(clone, *DEPLOY).stderr
    make(clone, "airflow-destroy", "ENVIRONMENT=local", "ARGS=--yes")
    assert running_in(clone) == []

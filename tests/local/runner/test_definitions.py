from typing import Any

import pytest

from local.errors import LocalError
from local.runner.definitions import HealthCheck, ServiceTask, health_check, read
from tests.local.runner.scripted_aws import CLUSTER, ECS, SECRETS, ScriptedAws, service, unreachable_clients


@pytest.fixture
def aws() -> ScriptedAws:
    return ScriptedAws()


def test_a_container_is_read_whole(aws: ScriptedAws) -> None:
    aws.services(service("Scheduler", desiredCount=1))
    aws.definition(
        {
            "name": "scheduler",
            "command": ["scheduler", "airflow", "scheduler"],
            "environment": [{"name": "ADMIN_USER", "value": "admin"}],
            "secrets": [{"name": "TOKEN", "valueFrom": f"{SECRETS}broker-AbCdEf:token::"}],
            "portMappings": [{"containerPort": 8974}],
            "healthCheck": {
                "command": ["CMD", "true"],
                "interval": 10,
                "timeout": 4,
                "retries": 2,
                "startPeriod": 300,
            },
            "stopTimeout": 120,
            "image": "registry/airflow@sha256:0",
        }
    )
    aws.secret({"SecretString": '{"token": "s3cret"}'}, {"SecretId": f"{SECRETS}broker-AbCdEf"})

    deployed = read(aws.clients, CLUSTER)

    assert deployed.tasks == (
        ServiceTask(
            service="Scheduler",
            component="scheduler",
            command=("scheduler", "airflow", "scheduler"),
            environment={"ADMIN_USER": "admin"},
            secrets={"TOKEN": "s3cret"},
            ports=(8974,),
            health=HealthCheck(("CMD", "true"), interval=10, timeout=4, retries=2, start_period=300),
            stop_timeout=120,
            desired=1,
            image="registry/airflow@sha256:0",
        ),
    )
    assert "s3cret" not in repr(deployed)


def test_what_a_definition_leaves_out_is_what_ecs_takes(aws: ScriptedAws) -> None:
    aws.services(service("Scheduler"))
    aws.definition({"name": "scheduler"})
    (task,) = read(aws.clients, CLUSTER).tasks
    assert task.stop_timeout == 30
    assert task.health is None
    assert health_check({"command": ["CMD", "true"]}) == HealthCheck(
        ("CMD", "true"), interval=30, timeout=5, retries=3, start_period=0
    )
    assert health_check({"command": ["NONE"]}) is None


def test_a_container_has_the_size_of_its_task_unless_it_has_a_limit_of_its_own(aws: ScriptedAws) -> None:
    aws.services(service("Webserver"))
    aws.definition({"name": "webserver"}, {"name": "metrics", "memory": 128}, cpu="512", memory="1024")
    webserver, metrics = read(aws.clients, CLUSTER).tasks
    assert (webserver.cpu, webserver.memory) == (0.5, 1024)
    assert (metrics.cpu, metrics.memory) == (0.5, 128)


def test_deleted_services_are_left_out(aws: ScriptedAws) -> None:
    aws.services(service("Gone", status="INACTIVE"), service("Scheduler"))
    aws.definition({"name": "scheduler"})
    assert [task.service for task in read(aws.clients, CLUSTER).tasks] == ["Scheduler"]


def test_private_names_and_the_public_port(aws: ScriptedAws) -> None:
    registry = "arn:aws:servicediscovery:eu-west-1:123456789012:service/srv-1"
    group = "arn:aws:elasticloadbalancing:eu-west-1:123456789012:targetgroup/g/1"
    balancer = {"targetGroupArn": group, "containerName": "webserver", "containerPort": 8080}
    aws.services(service("Webserver", serviceRegistries=[{"registryArn": registry}], loadBalancers=[balancer]))
    aws.definition({"name": "webserver"})
    aws.private_service("srv-1", "webserver", "demo-local.internal")

    deployed = read(aws.clients, CLUSTER)

    assert deployed.private_names == {"webserver.demo-local.internal"}
    assert deployed.url == "http://localhost:8080"


def test_the_public_port_is_of_the_service_that_has_a_name(aws: ScriptedAws) -> None:
    group = "arn:aws:elasticloadbalancing:eu-west-1:123456789012:targetgroup/g/1"
    registry = "arn:aws:servicediscovery:eu-west-1:123456789012:service/srv-1"

    def behind(port: int) -> list[dict[str, Any]]:
        return [{"targetGroupArn": group, "containerName": "x", "containerPort": port}]

    aws.services(
        service("Flower", loadBalancers=behind(5555)),
        service("Webserver", serviceRegistries=[{"registryArn": registry}], loadBalancers=behind(8080)),
    )
    aws.definition({"name": "flower"})
    aws.definition({"name": "webserver"})
    aws.private_service("srv-1", "webserver", "demo-local.internal")

    assert read(aws.clients, CLUSTER).url == "http://localhost:8080"


def test_nothing_deployed_says_what_to_do(aws: ScriptedAws) -> None:
    aws.services()
    with pytest.raises(LocalError, match="has no services; deploy first"):
        read(aws.clients, CLUSTER)


def test_no_cluster_says_what_to_do(aws: ScriptedAws) -> None:
    aws.no_cluster()
    with pytest.raises(LocalError, match=r"cluster demo-local: Cluster not found; deploy first"):
        read(aws.clients, CLUSTER)


def test_nobody_answering_is_one_line() -> None:
    with pytest.raises(LocalError, match=r"cluster demo-local: the AWS inside this machine does not answer \("):
        read(unreachable_clients(), CLUSTER)


def test_an_unknown_secret_is_named_with_its_container(aws: ScriptedAws) -> None:
    aws.services(service("Scheduler"))
    aws.definition({"name": "scheduler", "secrets": [{"name": "TOKEN", "valueFrom": f"{SECRETS}gone-AbCdEf"}]})
    aws.no_secret()
    with pytest.raises(LocalError, match=rf"container scheduler: secret {SECRETS}gone-AbCdEf: .* can't find"):
        read(aws.clients, CLUSTER)


def test_two_containers_on_one_port_are_refused(aws: ScriptedAws) -> None:
    aws.services(service("Alpha"), service("Beta"))
    aws.definition({"name": "alpha", "portMappings": [{"containerPort": 8080}]})
    aws.definition({"name": "beta", "portMappings": [{"containerPort": 8080}]})
    with pytest.raises(LocalError, match="containers alpha and beta: both listen on port 8080"):
        read(aws.clients, CLUSTER)


def test_two_tasks_with_one_port_are_refused(aws: ScriptedAws) -> None:
    aws.services(service("Workers", desiredCount=2))
    aws.definition({"name": "workers", "portMappings": [{"containerPort": 8793}]})
    with pytest.raises(LocalError, match="service Workers: 2 tasks cannot share port 8793"):
        read(aws.clients, CLUSTER)


def test_two_containers_of_one_name_are_refused(aws: ScriptedAws) -> None:
    aws.services(service("Alpha"), service("Beta"))
    aws.definition({"name": "same"})
    aws.definition({"name": "same"})
    with pytest.raises(LocalError, match="services Alpha and Beta: both have a container named same"):
        read(aws.clients, CLUSTER)


def test_many_services_are_described_ten_at_a_time() -> None:
    aws = ScriptedAws()
    names = [f"Service{number:02}" for number in range(12)]
    aws.many_services(names)
    for name in names:
        aws.definition({"name": name.lower()})
    assert [task.service for task in read(aws.clients, CLUSTER).tasks] == names


def test_the_arn_of_the_definition_is_asked_for(aws: ScriptedAws) -> None:
    aws.services(service("Scheduler"))
    aws.definition({"name": "scheduler"}, asked=f"{ECS}:task-definition/Scheduler:1")
    assert read(aws.clients, CLUSTER).tasks

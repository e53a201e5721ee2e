"""Task definitions and services: what a component is started with, and how it is kept running."""

import json
from typing import Any

import pytest

from generator.airflow.components import components, secret_names
from generator.config.settings import Settings
from generator.stacks import services
from generator.stacks.nesting import joined
from tests.generator.stacks.alone import Body, alone, output, properties, settings_with

QUEUES = {"celeryBackend": {"engine": "sqs"}, "service": {"workerGroups": {"big": {"queue": "nightly_etl"}}}}


def inputs(settings: Settings) -> services.Inputs:
    names = [one.name for one in components(settings)]
    sqs = settings.celery_backend.sqs
    return services.Inputs(
        image="image",
        cluster_name="cluster",
        namespace_id="ns-1",
        url="http://url",
        target_group_arn={one.name: "arn" for one in components(settings) if one.in_front},
        task_subnet_ids=joined(["subnet-1", "subnet-2"]),
        security_group_id=dict.fromkeys(names, "sg-1"),
        execution_role_arn=dict.fromkeys(names, "arn"),
        task_role_arn=dict.fromkeys(names, "arn"),
        log_group="/air-dev/airflow",
        task_logs="s3://logs/logs",
        secret_arn=dict.fromkeys(secret_names(settings), "arn"),
        database_host="database",
        database_port="5432",
        broker_host=None if sqs else "broker",
        broker_port=None if sqs else "6379",
        queue_url={group.queue: "https://queue" for group in settings.worker_groups.values()} if sqs else {},
    )


def rendered(overrides: dict[str, Any] | None = None) -> Body:
    settings = settings_with(overrides)
    return alone(services.build, inputs(settings), settings)


def of_type(body: Body, kind: str) -> dict[str, dict[str, Any]]:
    return {name: one["Properties"] for name, one in body["Resources"].items() if one["Type"] == kind}


def container(body: Body, component: str, name: str = "") -> dict[str, Any]:
    (found,) = [
        one
        for definition in of_type(body, "AWS::ECS::TaskDefinition").values()
        if definition["Family"] == f"air-dev-{component}"
        for one in definition["ContainerDefinitions"]
        if one["Name"] == (name or component)
    ]
    return dict(found)


def variables(container: dict[str, Any]) -> dict[str, Any]:
    return {one["Name"]: one["Value"] for one in container["Environment"]}


def test_each_component_has_a_service_of_its_own_roles_and_group() -> None:
    body = rendered({"service": {"workerGroups": {"big": {}}, "flower": {"enabled": True}}})
    for title in ("Webserver", "Scheduler", "DagProcessor", "Triggerer", "Workers", "WorkersBig", "Flower"):
        definition, service = properties(body, f"{title}TaskDefinition"), properties(body, f"{title}Service")
        assert definition["ExecutionRoleArn"] == {"Ref": f"{title}ExecutionRoleArn"}
        assert definition["TaskRoleArn"] == {"Ref": f"{title}TaskRoleArn"}
        network = service["NetworkConfiguration"]["AwsvpcConfiguration"]
        assert network["SecurityGroups"] == [{"Ref": f"{title}SecurityGroupId"}]
        assert network["Subnets"] == {"Ref": "TaskSubnetIds"}
        assert service["TaskDefinition"] == {"Ref": f"{title}TaskDefinition"}


@pytest.mark.parametrize(("network", "assigned"), [({"mode": "public"}, "ENABLED"), ({"mode": "isolated"}, "DISABLED")])
def test_a_task_has_a_public_address_where_it_has_no_other_way_out(network: dict[str, Any], assigned: str) -> None:
    for service in of_type(rendered({"network": network}), "AWS::ECS::Service").values():
        assert service["NetworkConfiguration"]["AwsvpcConfiguration"]["AssignPublicIp"] == assigned


@pytest.mark.parametrize(
    ("spot", "on_spot"),
    [
        ("none", set()),
        ("workers", {"WorkersService", "WorkersBigService"}),
        (
            "all",
            {
                f"{name}Service"
                for name in ("Webserver", "Scheduler", "DagProcessor", "Triggerer", "Workers", "WorkersBig")
            },
        ),
    ],
)
def test_spot_is_for_those_who_want_it(spot: str, on_spot: set[str]) -> None:
    found = of_type(rendered({"service": {"spot": spot, "workerGroups": {"big": {}}}}), "AWS::ECS::Service")
    provider = {name: service["CapacityProviderStrategy"][0]["CapacityProvider"] for name, service in found.items()}
    assert {name for name, one in provider.items() if one == "FARGATE_SPOT"} == on_spot
    assert set(provider.values()) <= {"FARGATE", "FARGATE_SPOT"}


@pytest.mark.parametrize(("architecture", "said"), [("x86_64", "X86_64"), ("arm64", "ARM64")])
def test_tasks_run_on_the_processors_that_the_image_is_for(architecture: str, said: str) -> None:
    for definition in of_type(
        rendered({"service": {"architecture": architecture}}), "AWS::ECS::TaskDefinition"
    ).values():
        assert definition["RuntimePlatform"]["CpuArchitecture"] == said


def test_the_first_count_is_a_tag_where_it_is_not_one() -> None:
    body = rendered({"service": {"workers": {"desiredCount": 3}, "scheduler": {"desiredCount": 0}}})
    services = of_type(body, "AWS::ECS::Service")
    tags = {name: {tag["Key"]: tag["Value"] for tag in one.get("Tags", [])} for name, one in services.items()}
    assert tags.pop("WorkersService") == {"DesiredCount": "3"}
    assert tags.pop("SchedulerService") == {"DesiredCount": "0"}
    assert not any(tags.values())
    assert not any("DesiredCount" in service for service in services.values())


def test_the_webserver_is_found_by_its_name_and_the_others_by_none() -> None:
    body = rendered({"service": {"webserver": {"port": 9090}}})
    names = of_type(body, "AWS::ServiceDiscovery::Service")
    assert set(names) == {"WebserverName"}
    assert names["WebserverName"]["Name"] == "webserver"
    assert names["WebserverName"]["HealthCheckCustomConfig"] == {"FailureThreshold": 1}, "found before it serves"
    (record,) = names["WebserverName"]["DnsConfig"]["DnsRecords"]
    assert (record["Type"], int(record["TTL"]) <= 30) == ("A", True)
    assert [name for name, one in of_type(body, "AWS::ECS::Service").items() if "ServiceRegistries" in one] == [
        "WebserverService"
    ]
    url = "AIRFLOW__CORE__EXECUTION_API_SERVER_URL"
    assert variables(container(body, "workers"))[url] == "http://webserver.air-dev.internal:9090/execution/"


def test_who_is_in_front_is_attached_where_the_load_balancer_listens() -> None:
    body = rendered({"service": {"flower": {"enabled": True, "port": 5000}}})
    behind = {
        name: one["LoadBalancers"] for name, one in of_type(body, "AWS::ECS::Service").items() if "LoadBalancers" in one
    }
    assert behind == {
        f"{name.capitalize()}Service": [
            {
                "ContainerName": name,
                "ContainerPort": port,
                "TargetGroupArn": {"Ref": f"{name.capitalize()}TargetGroupArn"},
            }
        ]
        for name, port in (("webserver", 8080), ("flower", 5000))
    }


def test_secrets_come_from_secrets_manager_by_key_where_there_are_several() -> None:
    smtp = "arn:aws:secretsmanager:eu-west-1:111122223333:secret:smtp-AbCdEf:password::"
    body = rendered({"airflow": {"secrets": {"SMTP_PASSWORD": smtp}}})
    found = {one["Name"]: one["ValueFrom"] for one in container(body, "webserver")["Secrets"]}
    assert found == {
        "ADMIN_PASSWORD": {"Fn::Sub": "${AdminSecretArn}:password::"},
        "AIRFLOW__API_AUTH__JWT_SECRET": {"Ref": "JwtSecretArn"},
        "AIRFLOW__API__SECRET_KEY": {"Ref": "SessionSecretArn"},
        "DATABASE_PASSWORD": {"Fn::Sub": "${DatabaseSecretArn}:password::"},
        "FERNET_KEY": {"Ref": "FernetSecretArn"},
        "SMTP_PASSWORD": smtp,
    }


def test_a_secret_takes_the_place_of_a_variable_of_the_same_name() -> None:
    """ECS refuses one name in both."""
    arn = "arn:aws:ssm:eu-west-1:111122223333:parameter/timezone"
    chosen = {"secrets": {"AIRFLOW__CORE__DEFAULT_TIMEZONE": arn}, "options": {"core": {"default_timezone": "utc"}}}
    found = container(rendered({"airflow": chosen}), "scheduler")
    assert not {one["Name"] for one in found["Secrets"]} & set(variables(found))


def test_what_the_user_writes_wins() -> None:
    chosen = {"variables": {"AIRFLOW__CORE__PARALLELISM": "99", "TEAM": "data"}, "options": {"api": {"workers": "2"}}}
    for component in ("webserver", "workers"):
        found = variables(container(rendered({"airflow": chosen}), component))
        assert (found["AIRFLOW__CORE__PARALLELISM"], found["TEAM"], found["AIRFLOW__API__WORKERS"]) == (
            "99",
            "data",
            "2",
        )


def test_celery_is_told_the_queues_that_its_component_uses() -> None:
    body = rendered(QUEUES)
    name = "AIRFLOW__CELERY_BROKER_TRANSPORT_OPTIONS__PREDEFINED_QUEUES"

    def queues(component: str) -> dict[str, dict[str, str]]:
        found: dict[str, dict[str, str]] = json.loads(variables(container(body, component))[name]["Fn::Sub"])
        return found

    assert queues("scheduler") == {
        "default": {"url": "${DefaultQueueUrl}"},
        "nightly_etl": {"url": "${NightlyEtlQueueUrl}"},
    }
    assert set(queues("workers")) == {"default"}
    assert set(queues("workers-big")) == {"nightly_etl"}
    assert name not in variables(container(body, "webserver"))
    assert {"DefaultQueueUrl", "NightlyEtlQueueUrl"} <= set(body["Parameters"])
    assert not [parameter for parameter in body["Parameters"] if parameter.startswith("Broker")]


def test_nobody_is_told_where_is_what_it_does_not_reach() -> None:
    body = rendered({"service": {"flower": {"enabled": True}}})
    told = {one: variables(container(body, one)) for one in ("flower", "triggerer", "workers")}
    assert "BROKER_HOST" in told["flower"]
    assert "DATABASE_HOST" not in told["flower"]
    assert "BROKER_HOST" not in told["triggerer"]
    assert "ADMIN_USER" not in told["workers"]


def test_alarms_are_measured_beside_the_webserver_in_its_own_log() -> None:
    assert len(properties(rendered(), "WebserverTaskDefinition")["ContainerDefinitions"]) == 1
    body = rendered({"alarms": {"email": "someone@example.com"}})
    found = container(body, "webserver", "metrics")
    assert found["Essential"] is False
    assert found["RestartPolicy"]["Enabled"] is True
    assert found["LogConfiguration"] == container(body, "webserver")["LogConfiguration"]
    assert variables(found)["METRICS_SERVICE"] == "air-dev"
    assert [one["Name"] for one in found["Secrets"]] == ["DATABASE_PASSWORD"]
    assert int(found["Memory"]) < 100


def test_what_scales_is_handed_on_and_nothing_else() -> None:
    assert "Outputs" not in rendered()
    body = rendered({"service": {"workers": {"autoscaling": {"maxCapacity": 3}}}})
    assert set(body["Outputs"]) == {"WorkersServiceName"}
    assert output(body, "WorkersServiceName") == {"Fn::GetAtt": ["WorkersService", "Name"]}


def test_containers_say_which_airflow_they_are() -> None:
    body = rendered({"airflow": {"version": "3.3.9"}})
    assert container(body, "workers")["DockerLabels"] == {"airflow.version": "3.3.9"}


def test_nobody_ends_a_webserver_that_migrates() -> None:
    body = rendered({"service": {"flower": {"enabled": True}}})
    grace = {
        one["LoadBalancers"][0]["ContainerName"]: one["HealthCheckGracePeriodSeconds"]
        for one in of_type(body, "AWS::ECS::Service").values()
        if "LoadBalancers" in one
    }
    assert grace == {"webserver": 900, "flower": 300}


def test_whoever_needs_the_migrated_database_rolls_after_the_one_that_migrates() -> None:
    body = rendered({"service": {"flower": {"enabled": True}, "workerGroups": {"large": {"queue": "large"}}}})
    services = {title: one for title, one in body["Resources"].items() if one["Type"] == "AWS::ECS::Service"}
    waits = {title: one.get("DependsOn", []) for title, one in services.items()}
    after = ["SchedulerService", "DagProcessorService", "TriggererService", "WorkersService", "WorkersLargeService"]
    assert waits == {
        "WebserverService": [],
        "FlowerService": [],
        **{name: ["WebserverService"] for name in after},
    }


def test_those_who_wait_for_the_database_say_so_before_they_are_ended() -> None:
    body = rendered()
    for one in ("scheduler", "dag-processor", "triggerer"):
        found = container(body, one)
        (waits,) = [int(each["Value"]) for each in found["Environment"] if each["Name"] == "MIGRATION_TIMEOUT"]
        check = found["HealthCheck"]
        assert waits < check["StartPeriod"] + check["Retries"] * check["Interval"], "ECS would end it without a word"


def test_every_component_is_stopped_and_asked_after_in_time() -> None:
    body = rendered()
    for one in components(settings_with()):
        found = container(body, one.name)
        assert found["StopTimeout"] == 120
        assert found["HealthCheck"]["StartPeriod"] <= 300
        assert found["HealthCheck"]["Timeout"] < found["HealthCheck"]["Interval"]

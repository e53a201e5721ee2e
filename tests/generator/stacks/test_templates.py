"""House rules over every template, and what the settings change in them."""

import json
import re
from collections.abc import Callable, Iterator
from typing import Any

import pytest

Rendered = dict[str, dict[str, Any]]
Render = Callable[[dict[str, Any]], Rendered]


def resources(templates: Rendered, kind: str = "") -> Iterator[tuple[str, dict[str, Any]]]:
    for file, template in templates.items():
        for name, resource in template["Resources"].items():
            if not kind or resource["Type"] == kind:
                yield f"{file}:{name}", resource


def one(templates: Rendered, file: str, name: str) -> dict[str, Any]:
    resource: dict[str, Any] = templates[file]["Resources"][name]
    return resource


def containers(templates: Rendered) -> dict[str, dict[str, Any]]:
    found = [body["Properties"]["ContainerDefinitions"] for _, body in resources(templates, "AWS::ECS::TaskDefinition")]
    return {container["Name"]: container for (container,) in found}


def test_the_root_wires_every_parameter_of_every_child(rendered: Render) -> None:
    templates = rendered({})
    stacks = dict(resources(templates, "AWS::CloudFormation::Stack"))
    assert len(stacks) == 8
    for name, stack in stacks.items():
        child = templates[stack["Properties"]["TemplateURL"]]
        assert set(stack["Properties"].get("Parameters", {})) == set(child.get("Parameters", {})), name


def test_database_and_broker_wait_for_network_and_secrets_alone(rendered: Render) -> None:
    root = rendered({})["root.yml"]["Resources"]
    for name in ("Database", "Broker"):
        sources = set(re.findall(r'"Fn::GetAtt": \["(\w+)"', json.dumps(root[name])))
        assert sources == {"Network", "Secrets"}


def test_templates_hold_no_account_region_partition_or_china_suffix(rendered: Render) -> None:
    text = json.dumps(rendered({}))
    assert not re.search(r"\b\d{12}\b", text)
    assert not re.search(r"\b[a-z]{2}(-gov)?-(north|south|east|west|central)[a-z]*-\d\b", text)
    assert "arn:aws:" not in text
    assert not re.findall(r"amazonaws\.com\.cn", text)


def test_every_principal_is_right_in_every_partition(rendered: Render) -> None:
    for name, role in resources(rendered({}), "AWS::IAM::Role"):
        (statement,) = role["Properties"]["AssumeRolePolicyDocument"]["Statement"]
        assert statement["Principal"] == {"Service": "ecs-tasks.amazonaws.com"}, name


def test_wildcard_permissions_are_those_that_aws_has_no_resource_for(rendered: Render) -> None:
    wide = {
        action
        for _, role in resources(rendered({}), "AWS::IAM::Role")
        for policy in role["Properties"]["Policies"]
        for statement in policy["PolicyDocument"]["Statement"]
        if "*" in statement["Resource"]
        for action in statement["Action"]
    }
    channels = ("CreateControlChannel", "CreateDataChannel", "OpenControlChannel", "OpenDataChannel")
    assert wide == {"ecr:GetAuthorizationToken", *(f"ssmmessages:{channel}" for channel in channels)}


DATA = ("AWS::S3::Bucket", "AWS::RDS::DBInstance", "AWS::SecretsManager::Secret", "AWS::ECR::Repository")


@pytest.mark.parametrize("retain", [True, False])
def test_what_holds_data_outlives_the_stack_unless_thrown_away(rendered: Render, retain: bool) -> None:
    for kind in DATA:
        for name, resource in resources(rendered({"retainData": retain}), kind):
            if name == "foundation.yml:TemplatesBucket":
                continue  # templates are in the repository of whoever deploys them
            kept = "Snapshot" if kind == "AWS::RDS::DBInstance" else "Retain"
            assert resource["DeletionPolicy"] == resource["UpdateReplacePolicy"] == (kept if retain else "Delete"), name


def test_nothing_that_keeps_data_bears_a_fixed_name(rendered: Render) -> None:
    for kind, name_of in zip(DATA, ("BucketName", "DBInstanceIdentifier", "Name", "RepositoryName"), strict=True):
        for name, resource in resources(rendered({}), kind):
            assert name_of not in resource.get("Properties", {}), name


def test_buckets_are_private_and_encrypted(rendered: Render) -> None:
    buckets = dict(resources(rendered({}), "AWS::S3::Bucket"))
    assert len(buckets) == 2
    for bucket in buckets.values():
        assert all(bucket["Properties"]["PublicAccessBlockConfiguration"].values())
        assert bucket["Properties"]["BucketEncryption"]


def test_database_and_broker_are_encrypted_private_and_reached_by_tasks_alone(rendered: Render) -> None:
    templates = rendered({})
    database = one(templates, "database.yml", "MetadataDatabase")["Properties"]
    broker = one(templates, "broker.yml", "Broker")["Properties"]
    assert database["StorageEncrypted"] is True
    assert database["PubliclyAccessible"] is False
    assert one(templates, "database.yml", "DatabaseParameters")["Properties"]["Parameters"]["rds.force_ssl"] == "1"
    assert broker["TransitEncryptionEnabled"] is broker["AtRestEncryptionEnabled"] is True
    for file, name, port in (
        ("database.yml", "DatabaseSecurityGroup", 5432),
        ("broker.yml", "BrokerSecurityGroup", 6379),
    ):
        (rule,) = one(templates, file, name)["Properties"]["SecurityGroupIngress"]
        assert rule["SourceSecurityGroupId"] == {"Ref": "TasksSecurityGroupId"}
        assert (rule["FromPort"], rule["ToPort"], rule["IpProtocol"]) == (port, port, "tcp")


def test_passwords_come_from_secrets_manager_and_stand_in_no_template(rendered: Render) -> None:
    templates = rendered({})
    password = one(templates, "database.yml", "MetadataDatabase")["Properties"]["MasterUserPassword"]
    token = one(templates, "broker.yml", "Broker")["Properties"]["AuthToken"]
    assert password == {"Fn::Sub": "{{resolve:secretsmanager:${DatabaseSecretArn}:SecretString:password}}"}
    assert token == {"Fn::Sub": "{{resolve:secretsmanager:${BrokerSecretArn}:SecretString}}"}
    for name, container in containers(templates).items():
        plain = {variable["Name"] for variable in container["Environment"]}
        assert not {word for word in plain if re.search("PASSWORD|TOKEN|KEY|SECRET|CONN", word)}, name


def test_an_empty_allow_list_lets_nobody_in(rendered: Render) -> None:
    def entrance(networks: list[str]) -> list[str]:
        group = one(rendered({"whitelistedIPs": networks}), "cluster.yml", "LoadBalancerSecurityGroup")
        return [rule["CidrIp"] for rule in group["Properties"].get("SecurityGroupIngress", [])]

    assert entrance([]) == []
    assert entrance(["10.0.0.0/8", "192.0.2.1/32"]) == ["10.0.0.0/8", "192.0.2.1/32"]


def test_every_component_is_checked_stopped_and_rolled_back_in_time(rendered: Render) -> None:
    templates = rendered({})
    assert set(containers(templates)) == {"webserver", "scheduler", "dag-processor", "triggerer", "workers"}
    for name, container in containers(templates).items():
        assert container["Command"][:2] == [name, "airflow"]
        assert container["StopTimeout"] == 120
        check = container["HealthCheck"]
        assert check["Command"] == ["CMD", "python", "-m", "airflow_runtime.health", name]
        assert check["StartPeriod"] <= 300
        assert check["Timeout"] < check["Interval"]
    for name, service in resources(templates, "AWS::ECS::Service"):
        properties = service["Properties"]
        assert properties["DeploymentConfiguration"]["DeploymentCircuitBreaker"] == {
            "Enable": True,
            "Rollback": True,
        }, name
        assert properties["EnableExecuteCommand"] is True
        assert properties["PropagateTags"] == "SERVICE"
        assert "DesiredCount" not in properties


def test_components_reach_each_other_on_the_ports_that_serve_and_no_other(rendered: Render) -> None:
    rules = {
        resource["Properties"]["FromPort"]
        for name, resource in resources(
            rendered({"service": {"webserver": {"port": 9090}}}), "AWS::EC2::SecurityGroupIngress"
        )
        if resource["Properties"]["SourceSecurityGroupId"] == {"Ref": "TasksSecurityGroup"}
    }
    assert rules == {9090, 8793, 8794}


def test_the_webserver_is_found_by_its_private_name(rendered: Render) -> None:
    templates = rendered({"service": {"webserver": {"port": 9090}}})
    assert one(templates, "cluster.yml", "Namespace")["Properties"]["Name"] == "air-dev.internal"
    name = one(templates, "services.yml", "WebserverName")["Properties"]
    assert name["Name"] == "webserver"
    assert name["HealthCheckCustomConfig"] == {"FailureThreshold": 1}, "a task would be found before it serves"
    variables = {item["Name"]: item["Value"] for item in containers(templates)["workers"]["Environment"]}
    assert variables["AIRFLOW__CORE__EXECUTION_API_SERVER_URL"] == "http://webserver.air-dev.internal:9090/execution/"


def test_sizes_variables_and_zones_are_the_users(rendered: Render) -> None:
    templates = rendered(
        {
            "service": {"workers": {"cpu": 1024, "memory": 4096, "concurrency": 8}},
            "airflow": {"variables": {"AIRFLOW__CORE__PARALLELISM": "99", "TEAM": "data"}},
            "publicSubnet": {
                "1": {"cidrBlock": "10.0.0.0/24", "availabilityZone": "c"},
                "2": {"cidrBlock": "10.0.1.0/24", "availabilityZone": "a"},
                "3": {"cidrBlock": "10.0.2.0/24", "availabilityZone": "b"},
            },
        }
    )
    definition = one(templates, "services.yml", "WorkersTaskDefinition")["Properties"]
    variables = {item["Name"]: item["Value"] for item in containers(templates)["workers"]["Environment"]}
    assert (definition["Cpu"], definition["Memory"]) == ("1024", "4096")
    assert variables["AIRFLOW__CELERY__WORKER_CONCURRENCY"] == "8"
    assert (variables["AIRFLOW__CORE__PARALLELISM"], variables["TEAM"]) == ("99", "data")
    assert zones(templates) == [{"Fn::Sub": f"${{AWS::Region}}{letter}"} for letter in "cab"]


def zones(templates: Rendered) -> list[object]:
    return [subnet["Properties"]["AvailabilityZone"] for _, subnet in resources(templates, "AWS::EC2::Subnet")]


def test_without_letters_each_subnet_takes_another_zone_of_the_region(rendered: Render) -> None:
    assert zones(rendered({})) == [{"Fn::Select": [number, {"Fn::GetAZs": ""}]} for number in (0, 1)]


@pytest.mark.parametrize(("settings", "url"), [({"baseUrl": "https://air.example"}, "https://air.example"), ({}, None)])
def test_the_url_is_the_users_or_the_load_balancers(
    rendered: Render, settings: dict[str, str], url: str | None
) -> None:
    value = rendered({"service": settings})["cluster.yml"]["Outputs"]["Url"]["Value"]
    assert value == (url or {"Fn::Join": ["", ["http://", {"Fn::GetAtt": ["LoadBalancer", "DNSName"]}, ""]]})

"""VPC endpoints: for which services, under which names, and whose calls they pass."""

import json
from typing import Any

import pytest

from generator.stacks import endpoints
from generator.stacks.endpoint_services import interface_services
from generator.stacks.nesting import joined
from tests.generator.stacks.alone import Body, alone, properties, settings_with
from tests.models.resources import Place, resources

NEEDED = ["ecr.api", "ecr.dkr", "logs", "secretsmanager", "ssmmessages"]
PARAMETER = "arn:aws:ssm:us-east-1:111122223333:parameter/token"


def rendered(overrides: dict[str, Any] | None = None) -> Body:
    settings = settings_with(overrides)
    doors = bool(interface_services(settings))
    subnets, group = (joined(["subnet-1"]), "sg-1") if doors else (None, None)
    return alone(endpoints.build, endpoints.Inputs("vpc-1", joined(["rtb-1"]), subnets, group), settings)


def of_kind(body: Body, kind: str) -> dict[str, dict[str, Any]]:
    every = {name: properties(body, name) for name in body["Resources"]}
    return {name: one for name, one in every.items() if one["VpcEndpointType"] == kind}


def isolated(**more: Any) -> dict[str, Any]:
    return {"network": {"mode": "isolated", **more}}


@pytest.mark.parametrize(
    ("overrides", "services"),
    [
        ({}, []),
        ({"network": {"mode": "private", "endpoints": ["athena", "s3", "dynamodb"]}}, ["athena"]),
        (isolated(), NEEDED),
        (isolated(endpoints=["athena", "logs"]), ["athena", *NEEDED]),
        ({**isolated(), "celeryBackend": {"engine": "sqs"}}, [*NEEDED, "sqs"]),
        ({**isolated(), "kms": {"customerKey": True}}, [*NEEDED, "kms"]),
        ({**isolated(), "airflow": {"secrets": {"TOKEN": PARAMETER}}}, [*NEEDED, "ssm"]),
        ({"network": {"mode": "existing", "endpoints": ["athena"]}}, []),
        ({"network": {"mode": "existing", "existing": {"createEndpoints": True}}}, NEEDED),
    ],
)
def test_which_services_have_an_endpoint_in_subnets(overrides: dict[str, Any], services: list[str]) -> None:
    assert interface_services(settings_with(overrides)) == sorted(services)
    assert len(of_kind(rendered(overrides), "Interface")) == len(services)


def test_the_one_of_s3_is_always_there_and_open_to_every_bucket() -> None:
    for overrides in ({}, isolated()):
        (s3,) = of_kind(rendered(overrides), "Gateway").values()
        assert s3["ServiceName"] == {"Fn::Sub": "com.amazonaws.${AWS::Region}.s3"}
        assert s3["RouteTableIds"] == {"Ref": "RouteTableIds"}
        assert "PolicyDocument" not in s3


def test_dynamodb_is_reached_by_a_route_too_as_that_costs_nothing() -> None:
    body = rendered({"network": {"endpoints": ["dynamodb"]}})
    assert set(of_kind(body, "Gateway")) == {"S3Endpoint", "DynamodbEndpoint"}


def test_without_route_tables_there_is_no_route() -> None:
    settings = settings_with({"network": {"mode": "existing", "existing": {"createEndpoints": True}}})
    inputs = endpoints.Inputs("vpc-1", None, joined(["subnet-1"]), "sg-1")
    assert of_kind(alone(endpoints.build, inputs, settings), "Gateway") == {}


def test_they_answer_to_the_services_own_names_and_let_in_by_their_group() -> None:
    for endpoint in of_kind(rendered(isolated()), "Interface").values():
        assert endpoint["PrivateDnsEnabled"] is True
        assert endpoint["SecurityGroupIds"] == [{"Ref": "EndpointsSecurityGroupId"}]
        assert endpoint["SubnetIds"] == {"Ref": "EndpointSubnetIds"}


@pytest.mark.parametrize(
    ("service", "usual", "chinese"),
    [
        ("ecr.api", "com.amazonaws.REGION.ecr.api", "cn.com.amazonaws.REGION.ecr.api"),
        ("athena", "com.amazonaws.REGION.athena", "cn.com.amazonaws.REGION.athena"),
        ("transcribe", "com.amazonaws.REGION.transcribe", "cn.com.amazonaws.REGION.transcribe.cn"),
        ("logs", "com.amazonaws.REGION.logs", "com.amazonaws.REGION.logs"),
        ("ssm", "com.amazonaws.REGION.ssm", "com.amazonaws.REGION.ssm"),
    ],
)
def test_some_services_have_other_names_in_china(service: str, usual: str, chinese: str) -> None:
    files = {"root.yml": json.dumps(rendered({"network": {"endpoints": [service]}}))}
    for partition, name in {"aws": usual, "aws-us-gov": usual, "aws-cn": chinese}.items():
        made = {one.properties["ServiceName"] for one in resources(files, Place("REGION", partition))}
        assert made == {name, "com.amazonaws.REGION.s3"}


def narrowed(body: Body) -> set[str]:
    return {name for name, one in of_kind(body, "Interface").items() if "PolicyDocument" in one}


def test_what_airflow_itself_calls_passes_calls_of_this_account_alone() -> None:
    body = rendered(isolated())
    assert narrowed(body) == {"EcrApiEndpoint", "EcrDkrEndpoint", "LogsEndpoint", "SecretsmanagerEndpoint"}
    (statement,) = properties(body, "LogsEndpoint")["PolicyDocument"]["Statement"]
    assert statement["Action"] == ["logs:*"]
    assert statement["Condition"] == {"StringEquals": {"aws:PrincipalAccount": {"Fn::Sub": "${AWS::AccountId}"}}}


def test_what_dags_call_is_open_to_roles_of_other_accounts() -> None:
    assert narrowed(rendered(isolated(endpoints=["athena", "secretsmanager"]))) == {
        "EcrApiEndpoint",
        "EcrDkrEndpoint",
        "LogsEndpoint",
    }

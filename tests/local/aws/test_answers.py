"""What is written as XML is what botocore reads again."""

from datetime import UTC, datetime
from typing import Any

import botocore.session
import pytest
from botocore.parsers import create_parser

from local.aws import answers

ANSWERS: list[tuple[str, str, dict[str, Any]]] = [
    (
        "ec2",
        "DescribeVpcEndpoints",
        {
            "VpcEndpoints": [
                {
                    "VpcEndpointId": "vpce-1",
                    "Groups": [{"GroupId": "sg-1"}],
                    "PrivateDnsEnabled": True,
                    "SubnetIds": [],
                },
                {"VpcEndpointId": "vpce-2", "PolicyDocument": '{"a": "<&>"}', "RouteTableIds": ["rtb-1", "rtb-2"]},
            ]
        },
    ),
    (
        "rds",
        "DescribeDBInstances",
        {
            "Marker": "next",
            "DBInstances": [
                {
                    "DBInstanceIdentifier": "one",
                    "InstanceCreateTime": datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC),
                    "Endpoint": {"Address": "localhost", "Port": 5432},
                    "EnabledCloudwatchLogsExports": ["postgresql"],
                    "MultiAZ": False,
                }
            ],
        },
    ),
    ("elasticache", "DescribeReplicationGroups", {"ReplicationGroups": []}),
]


@pytest.mark.parametrize(("service", "operation", "content"), ANSWERS)
def test_what_is_written_is_read_again(service: str, operation: str, content: dict[str, Any]) -> None:
    model = botocore.session.Session().get_service_model(service)
    described = model.operation_model(operation)
    assert described.output_shape is not None
    answer = {"status_code": 200, "headers": {}, "body": answers.xml(described, content)}
    read = create_parser(model.resolved_protocol).parse(answer, described.output_shape)
    assert {name: value for name, value in read.items() if name != "ResponseMetadata"} == content


def test_what_an_operation_does_not_know_is_skipped() -> None:
    operation = botocore.session.Session().get_service_model("ec2").operation_model("DescribeVpcEndpoints")
    assert b"Unheard" not in answers.xml(operation, {"Unheard": "x", "VpcEndpoints": [{"UnheardOf": 1}]})

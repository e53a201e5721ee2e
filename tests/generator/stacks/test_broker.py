"""The broker: a server, or queues."""

from typing import Any

import pytest

from generator.stacks import broker
from generator.stacks.nesting import joined
from tests.generator.stacks.alone import Body, alone, output, policies, properties, settings_with, skipped


def rendered(wanted: dict[str, Any] | None = None, key: str | None = None, **others: object) -> Body:
    settings = settings_with({"celeryBackend": wanted or {}, **others})
    server = broker.Inputs(joined(["subnet-1"]), "sg-1", "group", "arn", key)
    queues = broker.Inputs(None, None, None, None, key)
    return alone(broker.build, queues if settings.celery_backend.sqs else server, settings)


QUEUES = {"engine": "sqs"}
GROUPS = {"workerGroups": {"big": {}, "etl": {"queue": "nightly_etl"}, "more": {"queue": "nightly_etl"}}}


def test_a_server_with_a_token_that_speaks_tls_alone() -> None:
    found = properties(rendered(), "Broker")
    assert found["TransitEncryptionEnabled"] is found["AtRestEncryptionEnabled"] is True
    assert found["AuthToken"] == {"Fn::Sub": "{{resolve:secretsmanager:${BrokerSecretArn}:SecretString}}"}
    assert found["SecurityGroupIds"] == [{"Ref": "BrokerSecurityGroupId"}]
    assert found["CacheParameterGroupName"] == {"Ref": "BrokerParameterGroup"}
    assert properties(rendered(), "BrokerSubnets")["SubnetIds"] == {"Ref": "DatabaseSubnetIds"}
    assert "KmsKeyId" not in found


def test_celerys_keys_are_on_one_shard() -> None:
    found = properties(rendered({"numNodes": 3}), "Broker")
    assert not {"NumNodeGroups", "ReplicasPerNodeGroup", "ClusterMode", "NodeGroupConfiguration"} & set(found)
    assert found["NumCacheClusters"] == 3


def test_every_setting_of_a_server_is_honoured() -> None:
    wanted = {
        "engine": "redis",
        "engineVersion": "7.0",
        "autoMinorVersionUpgrade": False,
        "instanceType": "cache.m7g.large",
        "port": 6380,
    }
    found = properties(rendered(wanted), "Broker")
    assert {
        "Engine": "redis",
        "EngineVersion": "7.0",
        "AutoMinorVersionUpgrade": False,
        "CacheNodeType": "cache.m7g.large",
        "Port": 6380,
    }.items() <= found.items()


def test_nodes_in_several_zones_take_over_for_each_other() -> None:
    one = properties(rendered({"numNodes": 2}), "Broker")
    several = properties(rendered({"numNodes": 2, "azMode": "cross-az"}), "Broker")
    assert one["AutomaticFailoverEnabled"] is one["MultiAZEnabled"] is False
    assert several["AutomaticFailoverEnabled"] is several["MultiAZEnabled"] is True


def test_components_are_told_where_it_is() -> None:
    body = rendered()
    assert output(body, "BrokerHost") == {"Fn::GetAtt": ["Broker", "PrimaryEndPoint.Address"]}
    assert output(body, "BrokerPort") == {"Fn::GetAtt": ["Broker", "PrimaryEndPoint.Port"]}
    assert set(body["Outputs"]) == {"BrokerHost", "BrokerPort"}


def test_there_is_one_queue_for_all_groups_that_share_it() -> None:
    body = rendered(QUEUES, service=GROUPS)
    queues = {name for name, one in body["Resources"].items() if one["Type"] == "AWS::SQS::Queue"}
    assert queues == {"DefaultQueue", "BigQueue", "NightlyEtlQueue"}
    assert "Broker" not in body["Resources"]
    assert output(body, "NightlyEtlQueueUrl") == {"Ref": "NightlyEtlQueue"}
    assert output(body, "NightlyEtlQueueArn") == {"Fn::GetAtt": ["NightlyEtlQueue", "Arn"]}
    assert len(body["Outputs"]) == 6


def test_a_queue_keeps_what_waits_and_hides_what_runs() -> None:
    found = properties(rendered({**QUEUES, "visibilityTimeout": 7200}), "DefaultQueue")
    assert found["VisibilityTimeout"] == 7200
    assert found["MessageRetentionPeriod"] == 14 * 24 * 3600
    assert "QueueName" not in found, "a name that was deleted cannot be made again for a minute"


def test_a_queue_is_encrypted_and_refuses_plain_http() -> None:
    body = rendered(QUEUES)
    assert properties(body, "DefaultQueue")["SqsManagedSseEnabled"] is True
    assert skipped(body, "DefaultQueue") == {"CKV_AWS_27"}, "checkov knows only keys of one's own"
    assert skipped(rendered(QUEUES, key="key"), "DefaultQueue") == set()
    policy = properties(body, "DefaultQueuePolicy")
    assert policy["Queues"] == [{"Ref": "DefaultQueue"}]
    (statement,) = policy["PolicyDocument"]["Statement"]
    assert (statement["Effect"], statement["Action"]) == ("Deny", ["sqs:*"])
    assert statement["Resource"] == [{"Fn::GetAtt": ["DefaultQueue", "Arn"]}]
    assert statement["Condition"] == {"Bool": {"aws:SecureTransport": "false"}}


@pytest.mark.parametrize(
    ("wanted", "name", "where"), [({}, "Broker", "KmsKeyId"), (QUEUES, "DefaultQueue", "KmsMasterKeyId")]
)
def test_the_customers_key_encrypts_either(wanted: dict[str, Any], name: str, where: str) -> None:
    found = properties(rendered(wanted, key="key"), name)
    assert found[where] == {"Ref": "KeyArn"}
    assert "SqsManagedSseEnabled" not in found


@pytest.mark.parametrize(("wanted", "names"), [({}, ["Broker"]), (QUEUES, ["DefaultQueue", "DefaultQueuePolicy"])])
def test_tasks_in_flight_go_with_the_stack(wanted: dict[str, Any], names: list[str]) -> None:
    assert {policies(rendered(wanted), name) for name in names} == {("Delete", "Delete")}

from __future__ import annotations

from typing import Any

import boto3
import pytest

from deployer.aws import Identity, connect, own_session, reach, require_account
from deployer.errors import WrongUse
from tests.deployer.scripted_clients import scripted


class _Sts:
    def __init__(self) -> None:
        self.calls: list[str] = []

    def get_caller_identity(self) -> dict[str, Any]:
        return {"Account": "123456789012", "Arn": "arn:aws-cn:iam::123456789012:user/ada"}


def test_without_region_it_says_what_to_set() -> None:
    with pytest.raises(WrongUse, match="AWS_REGION"):
        connect(own_session({}))


def test_the_users_region_is_taken_from_the_variable_that_the_other_tools_know() -> None:
    assert own_session({"AWS_REGION": "eu-north-1"}).region_name == "eu-north-1"


def test_a_region_of_the_settings_is_taken_and_another_one_refused() -> None:
    assert own_session({}, "cn-north-1").region_name == "cn-north-1"
    assert own_session({"AWS_REGION": "cn-north-1"}, "cn-north-1").region_name == "cn-north-1"
    with pytest.raises(WrongUse, match=r"AWS_REGION is us-east-1, but service.yml says region: cn-north-1"):
        own_session({"AWS_REGION": "us-east-1"}, "cn-north-1")


def test_what_no_region_is_called_like_is_not_gone_to() -> None:
    with pytest.raises(WrongUse, match="there is no region eu-central1; did you mean eu-central-1"):
        reach({"AWS_REGION": "eu-central1"}, "", "")


def test_a_region_that_is_newer_than_what_is_known_here_is_gone_to() -> None:
    assert reach({"AWS_REGION": "eu-nowhere-7"}, "", "").region == "eu-nowhere-7"


def test_another_account_than_that_of_the_settings_is_refused() -> None:
    caller = Identity("123456789012", "arn:aws:iam::123456789012:user/ada", "aws")
    require_account(caller, "")
    require_account(caller, "123456789012")
    with pytest.raises(WrongUse, match=r"are of account 123456789012, but service.yml says account: 210987654321"):
        require_account(caller, "210987654321")


def test_the_end_point_and_region_are_those_given() -> None:
    aws = connect(boto3.Session("a", "b", region_name="eu-west-1"), "http://127.0.0.1:1")

    assert aws.region == "eu-west-1"
    for client in (aws.cloudformation, aws.s3, aws.sts, aws.ecr):
        assert client.meta.endpoint_url == "http://127.0.0.1:1"
    assert aws.s3 is aws.s3


def test_buckets_go_in_the_path() -> None:
    config = vars(connect(boto3.Session("a", "b", region_name="cn-north-1")).s3.meta.config)

    assert config["s3"] == {"addressing_style": "path"}


def test_identity_tells_the_partition() -> None:
    aws = scripted({"sts": _Sts()})

    assert aws.identity() == Identity("123456789012", "arn:aws-cn:iam::123456789012:user/ada", "aws-cn")


def test_identity_is_asked_for_once() -> None:
    sts = _Sts()
    aws = scripted({"sts": sts})

    assert aws.identity() == aws.identity()
    assert sts.calls == ["GetCallerIdentity"]

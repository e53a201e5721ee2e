"""doctor: what it prints, and how it ends."""

from __future__ import annotations

import argparse
import json

import pytest

from deployer.errors import DONE, FAILED
from deployer.preflight.findings import error, note
from deployer.preflight.roles import ECS
from deployer.preflight.wanted import Existing, Wanted
from deployer.verbs.doctor import show, tell
from tests.deployer.preflight.scripted import STACK, Answer, asked, stands
from tests.deployer.preflight.test_roles import BALANCING, Roles
from tests.deployer.scripted_clients import REGION, RefusedError

WANTED = Wanted(STACK, existing=Existing("vpc-1", "", [], [], []))
TEXT, JSON = argparse.Namespace(json=False), argparse.Namespace(json=True)
NO_VPC = {
    "level": "error",
    "where": "network.existing.vpcId",
    "what": f"there is no vpc-1 in {REGION} in this account",
    "todo": "write the id of one that is there, or choose its region",
}


def without_vpc() -> dict[str, dict[str, Answer]]:
    gone = RefusedError("InvalidVpcID.NotFound", "none")
    return {**Roles(ECS, BALANCING).answers(), "ec2": {"describe_vpcs": gone}}


def test_findings_stand_in_columns_with_what_to_do_below(capsys: pytest.CaptureFixture[str]) -> None:
    show([error("network.mode", "5 of 5 VPCs are in use", "ask for more"), note("account", "is fresh")], TEXT)
    assert capsys.readouterr().out == (
        "error  network.mode  5 of 5 VPCs are in use\n    ask for more\nnote   account       is fresh\n"
    )


def test_errors_are_a_failure(capsys: pytest.CaptureFixture[str]) -> None:
    assert tell(asked(without_vpc()), WANTED, TEXT) == FAILED
    printed = capsys.readouterr()
    assert printed.out.splitlines()[0] == f"error  network.existing.vpcId  {NO_VPC['what']}"
    assert printed.err == f"{STACK} in {REGION}: errors: 1, warnings: 0, notes: 0\n"


def test_where_something_stands_they_are_warnings(capsys: pytest.CaptureFixture[str]) -> None:
    assert tell(asked({**without_vpc(), **stands()}), WANTED, TEXT) == DONE
    assert capsys.readouterr().err == f"{STACK} in {REGION}: errors: 0, warnings: 1, notes: 0\n"


def test_findings_as_data(capsys: pytest.CaptureFixture[str]) -> None:
    assert tell(asked(without_vpc()), WANTED, JSON) == FAILED
    assert json.loads(capsys.readouterr().out) == [NO_VPC]
    assert tell(asked({**Roles(ECS, BALANCING).answers(), **stands()}), Wanted(STACK), JSON) == DONE
    assert json.loads(capsys.readouterr().out) == []

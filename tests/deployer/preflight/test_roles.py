"""Service-linked roles: told by the doctor, and the one of ECS made by a deploy."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from deployer.errors import DeployError
from deployer.preflight.roles import ECS, mend, service_linked
from deployer.preflight.wanted import Broker, Database, Wanted
from tests.deployer.preflight.scripted import STACK, Answer, asked, found
from tests.deployer.scripted_clients import ACCOUNT, RefusedError
from tests.deployer.scripted_graphs import VirtualTime

BALANCING = "elasticloadbalancing.amazonaws.com"


class Roles:
    """An account with the roles of these services; one that is made shows after some looks."""

    def __init__(self, *services: str, looks: int = 0) -> None:
        self.services, self.looks, self.made = set(services), looks, 0

    def answers(self) -> dict[str, dict[str, Answer]]:
        return {"iam": {"list_roles": self._list, "create_service_linked_role": self._create}}

    def _list(self, PathPrefix: str, **_: Any) -> dict[str, Any]:  # noqa: N803
        if self.made:
            self.looks -= 1
        shown = self.services if self.looks <= 0 else self.services - {ECS}
        paths = [f"/aws-service-role/{service}/" for service in sorted(shown)]
        return {"Roles": [_role(path) for path in paths if path.startswith(PathPrefix)], "IsTruncated": False}

    def _create(self, AWSServiceName: str) -> dict[str, Any]:  # noqa: N803
        self.made += 1
        self.services.add(AWSServiceName)
        return {"Role": _role(f"/aws-service-role/{AWSServiceName}/")}


def _role(path: str) -> dict[str, Any]:
    arn = f"arn:aws:iam::{ACCOUNT}:role{path}AWSServiceRole"
    created = datetime(2026, 1, 1, tzinfo=UTC)
    return {"Path": path, "RoleName": "AWSServiceRole", "RoleId": "A" * 16, "Arn": arn, "CreateDate": created}


def test_an_account_that_has_them() -> None:
    assert found(service_linked, Wanted(STACK), Roles(ECS, BALANCING).answers()) == []


def test_a_fresh_account() -> None:
    wanted = Wanted(
        STACK,
        database=Database("postgres", "17", "postgres17", "db.t4g.micro"),
        broker=Broker("valkey", "8.0", "cache.t4g.micro"),
        scales=True,
    )
    account = Roles()
    assert found(service_linked, wanted, account.answers()) == [
        "note: account: the service-linked role of ecs.amazonaws.com is missing, without which an account's first"
        " cluster can fail; a deploy makes it once its changes are agreed to, and waits for it",
        "note: account: these have no service-linked role yet: elasticloadbalancing.amazonaws.com, rds.amazonaws.com,"
        " elasticache.amazonaws.com, ecs.application-autoscaling.amazonaws.com; AWS makes each with its first resource;"
        " who deploys must be allowed iam:CreateServiceLinkedRole for them",
    ]
    assert account.made == 0


def test_what_is_made_is_waited_for() -> None:
    account, time = Roles(looks=4), VirtualTime()
    mend(asked(account.answers()), time.clock())
    assert (account.made, time.seconds) == (1, 3)


def test_what_does_not_come_is_said() -> None:
    with pytest.raises(DeployError, match="IAM does not show it after 60 s; run it again in a minute"):
        mend(asked(Roles(looks=1000).answers()), VirtualTime().clock())


def test_somebody_else_was_faster() -> None:
    account = Roles(looks=2)

    def taken(**_: Any) -> dict[str, Any]:
        account._create(ECS)
        raise RefusedError("InvalidInput", "Service role name AWSServiceRoleForECS has been taken in this account")

    answers = account.answers()
    answers["iam"]["create_service_linked_role"] = taken
    mend(asked(answers), VirtualTime().clock())
    assert account.looks <= 0

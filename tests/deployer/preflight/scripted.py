"""An account and a region that answer as a test says; what a test says nothing of must not be asked."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any

from deployer.aws import Aws
from deployer.preflight.findings import Finding
from deployer.preflight.place import Place
from deployer.preflight.wanted import Wanted
from tests.deployer.scripted_clients import ACCOUNT, REGION, RefusedError, scripted

STACK = "airflow-dev"
NOT_THERE = RefusedError("ValidationError", f"Stack with id {STACK} does not exist")
DENIED = RefusedError("AccessDenied", "User: ada is not authorized to perform this", 403)
Answer = Mapping[str, Any] | Exception | Callable[..., Mapping[str, Any]]


class Answering:
    """A service with an answer to each operation that may be asked: a mapping, an error, or what makes one."""

    def __init__(self, answers: Mapping[str, Answer]) -> None:
        self.calls: list[str] = []
        self._answers = answers

    def __getattr__(self, operation: str) -> Callable[..., Mapping[str, Any]]:
        if operation not in self._answers:
            raise AttributeError(f"nobody was to ask {operation}")
        answer = self._answers[operation]

        def answered(**asked: Any) -> Mapping[str, Any]:
            if isinstance(answer, Exception):
                raise answer
            return answer(**asked) if callable(answer) else answer

        return answered


USUAL: dict[str, dict[str, Answer]] = {
    "sts": {
        "get_caller_identity": {
            "Account": ACCOUNT,
            "Arn": f"arn:aws:sts::{ACCOUNT}:assumed-role/dev/ada",
            "UserId": "u",
        }
    },
    "cloudformation": {"describe_stacks": NOT_THERE},
    "ec2": {"describe_availability_zones": {"AvailabilityZones": [{"ZoneName": f"{REGION}{one}"} for one in "cab"]}},
}


def asked(answers: Mapping[str, Mapping[str, Answer]]) -> Aws:
    """An Aws that answers as usual, and beside or instead of that as given, by service and operation."""
    services = {*USUAL, *answers}
    return scripted({name: Answering({**USUAL.get(name, {}), **answers.get(name, {})}) for name in services})


def found(
    check: Callable[[Place], Iterator[Finding]], wanted: Wanted, answers: Mapping[str, Mapping[str, Answer]]
) -> list[str]:
    """What one check finds, as lines."""
    return [str(finding) for finding in check(Place(asked(answers), wanted))]


def stands(status: str = "UPDATE_COMPLETE") -> dict[str, dict[str, Answer]]:
    """Answers of an environment that is there."""
    stack = {"StackName": STACK, "StackStatus": status, "CreationTime": "2026-01-01T00:00:00Z"}
    return {"cloudformation": {"describe_stacks": {"Stacks": [stack]}}}

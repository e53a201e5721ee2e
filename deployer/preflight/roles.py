"""The roles by which services of AWS act in an account; a fresh account has none of them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from botocore.exceptions import ClientError

from deployer.aws import Aws
from deployer.clock import Clock
from deployer.errors import DeployError, error_code
from deployer.preflight.findings import Finding, note
from deployer.preflight.place import Place
from deployer.preflight.wanted import Wanted

ECS = "ecs.amazonaws.com"
NO_ECS = note(
    "account",
    f"the service-linked role of {ECS} is missing, without which an account's first cluster can fail",
    "a deploy makes it once its changes are agreed to, and waits for it",
)
_PATH = "/aws-service-role/"
_PATIENCE = 60.0  # seconds


def services(wanted: Wanted) -> tuple[str, ...]:
    """Return the services whose roles an environment needs: they stand in the path of each role.

    https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_aws-services-that-work-with-iam.html
    """
    more = {
        "rds.amazonaws.com": wanted.database,
        "elasticache.amazonaws.com": wanted.broker,
        "ecs.application-autoscaling.amazonaws.com": wanted.scales,
    }
    return (ECS, "elasticloadbalancing.amazonaws.com", *(service for service, needed in more.items() if needed))


def service_linked(place: Place) -> Iterator[Finding]:
    """The service-linked roles."""
    missing = _missing(place.aws, services(place.wanted))
    if ECS in missing:
        yield NO_ECS
    if others := [service for service in missing if service != ECS]:
        what = f"these have no service-linked role yet: {', '.join(others)}; AWS makes each with its first resource"
        yield note("account", what, "who deploys must be allowed iam:CreateServiceLinkedRole for them")


def mend(aws: Aws, clock: Clock) -> None:
    """Make the role of ECS, which the account has not, and wait until it is there.

    The first cluster of a fresh account can fail for want of it, though ECS makes it by itself
    (https://github.com/aws-cloudformation/cloudformation-coverage-roadmap/issues/818). Raises DeployError when it does
    not come, and what botocore raises, such as for who may not make it.
    """
    try:
        aws.iam.create_service_linked_role(AWSServiceName=ECS)
    except ClientError as trouble:
        if error_code(trouble) not in {"InvalidInput", "InvalidInputException"}:  # somebody else was faster
            raise
    for _ in clock.ticks(_PATIENCE):
        if not _missing(aws, (ECS,)):
            return
    line = f"the service-linked role of {ECS} was made, and IAM does not show it after {_PATIENCE:.0f} s"
    raise DeployError(line, "run it again in a minute")


def _missing(aws: Aws, wanted: Sequence[str]) -> list[str]:
    """Return the services that have no role.

    https://docs.aws.amazon.com/IAM/latest/APIReference/API_ListRoles.html
    """
    path = f"{_PATH}{wanted[0]}/" if len(wanted) == 1 else _PATH
    pages = aws.iam.get_paginator("list_roles").paginate(PathPrefix=path)
    there = {role["Path"] for page in pages for role in page["Roles"]}
    return [service for service in wanted if f"{_PATH}{service}/" not in there]

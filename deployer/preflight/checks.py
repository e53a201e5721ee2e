"""All checks in their order: what each finds is gathered, and what nobody may look at is said once."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace

from botocore.exceptions import ClientError

from deployer.aws import Aws
from deployer.errors import AWS_ERRORS, DeployError, error_code, explain, is_denied, is_not_accepted, is_passing
from deployer.preflight import endpoints, entrance, given, limits, networks, offers, roles, zones
from deployer.preflight.findings import Finding, Level, error, note, warning, worst_first
from deployer.preflight.place import Place
from deployer.preflight.wanted import Wanted
from deployer.tools import Tools, nothing

Check = Callable[[Place], Iterator[Finding]]

CHECKS: tuple[tuple[str, Check], ...] = (
    ("zones", zones.zones),
    ("database", offers.database),
    ("broker", offers.broker),
    ("quotas", limits.counted),
    ("database instances", limits.databases),
    ("processors", limits.processors),
    ("existing network", networks.existing),
    ("endpoints", endpoints.endpoints),
    ("certificate", entrance.certificate),
    ("hosted zone", entrance.hosted_zone),
    ("secrets", given.secrets),
    ("snapshot", given.snapshot),
    ("image", given.image),
    ("permissions boundary", given.boundary),
    ("service-linked roles", roles.service_linked),
)

# What answers to an operation that a region, or a stand-in for AWS, does not know.
_UNKNOWN = {
    "InvalidAction",
    "NotImplemented",
    "NotImplementedException",
    "UnknownOperation",
    "UnknownOperationException",
    "UnsupportedOperation",
}
_NO_REGION = "is the region enabled for the account? (Account, AWS Regions in the console); or sign in again"


@dataclass
class _Unread:
    """What could not be checked, by why."""

    denied: dict[str, list[str]] = field(default_factory=dict)
    unknown: list[str] = field(default_factory=list)

    def findings(self) -> Iterator[Finding]:
        for action, checks in self.denied.items():
            what = f"{action} is not allowed: could not check {', '.join(checks)}"
            yield warning("permissions", what, "`make airflow-permissions` prints what is needed")
        if self.unknown:
            yield note("region", f"knows no call that it takes to check {', '.join(self.unknown)}")


def check(aws: Aws, wanted: Wanted) -> tuple[Finding, ...]:
    """Ask account and region whether they have what is wanted, and gather what is found, the worst first.

    An environment that stands has what it was made with, and CloudFormation takes back an update that fails: there
    every error is told as a warning, so that nothing keeps it from being deployed again. Nothing is changed. Raises
    what botocore raises for credentials that are missing or have expired.
    """
    place = Place(aws, wanted)
    try:
        _ = place.identity
    except ClientError as trouble:  # what is refused here would be refused in every check
        if not _is_not_here(trouble):
            raise
        return (error("account", f"AWS does not accept these credentials in {aws.region}", _NO_REGION),)
    unread = _Unread()
    found = [finding for title, one in CHECKS for finding in _looked(place, title, one, unread)]
    if any(one.level is Level.ERROR for one in found) and _stands(place):
        found = [replace(one, level=Level.WARNING) if one.level is Level.ERROR else one for one in found]
    return worst_first([*found, *unread.findings()])


def _stands(place: Place) -> bool:
    try:
        return not place.is_new
    except AWS_ERRORS:  # of which the check that asked has said something
        return False


def ready(tools: Tools, wanted: Wanted) -> Callable[[], None]:
    """Tell what is found; return what makes the role that ECS needs, where it is missing.

    Raises DeployError when there are errors.
    """
    tools.step("checking account and region")
    found = check(tools.aws, wanted)
    for finding in found:
        tools.report(str(finding))
    tools.done()
    wrong = sum(finding.level is Level.ERROR for finding in found)
    if wrong:
        raise DeployError(
            f"account and region lack what is needed: {wrong} error{'s' if wrong > 1 else ''}, nothing was changed",
            "mend what is named above; `make airflow-doctor` checks again",
        )
    return (lambda: _mended(tools)) if roles.NO_ECS in found else nothing


def _looked(place: Place, title: str, one: Check, unread: _Unread) -> list[Finding]:
    found: list[Finding] = []
    try:
        for finding in one(place):
            found.append(finding)  # noqa: PERF402 - what was found before it breaks off counts
    except ClientError as trouble:
        if _is_not_here(trouble):
            what = f"{place.aws.region} refuses {trouble.operation_name}: {error_code(trouble)}"
            return [error("region", what, _NO_REGION)]
        if is_denied(trouble):
            unread.denied.setdefault(trouble.operation_name, []).append(title)
        elif _is_unknown(trouble):
            unread.unknown.append(title)
        else:
            found.append(warning(title, f"could not be checked: {explain(trouble)}"))
    except AWS_ERRORS as trouble:  # such as a service that the region does not have
        found.append(warning(title, f"could not be checked: {explain(trouble)}"))
    return found


def _is_not_here(trouble: ClientError) -> bool:
    return is_not_accepted(trouble) or error_code(trouble) == "OptInRequired"


def _is_unknown(trouble: ClientError) -> bool:
    """Whether nobody there knows the operation: AWS names every other trouble, by more than a status of HTTP."""
    code = error_code(trouble)
    return code in _UNKNOWN or (code.isdigit() and not is_denied(trouble) and not is_passing(trouble))


def _mended(tools: Tools) -> None:
    """Make what a fresh account lacks; where that cannot be, it goes on: ECS may make it by itself."""
    try:
        roles.mend(tools.aws, tools.clock)
        tools.report(f"made the service-linked role of {roles.ECS}, which this account did not have yet")
    except AWS_ERRORS as trouble:
        what = f"the service-linked role of {roles.ECS} could not be made: {explain(trouble).line}"
        tools.report(str(warning("account", what, "an account's first cluster can fail without it")))

"""All checks together: gathered, ordered, and silent about what nobody can look at but for one line."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from botocore.exceptions import EndpointConnectionError

from deployer.errors import DeployError
from deployer.preflight.checks import check, ready
from deployer.preflight.findings import Level
from deployer.preflight.roles import ECS
from deployer.preflight.wanted import Broker, Database, Existing, Vcpus, Wanted
from deployer.tools import Tools
from tests.deployer.preflight.scripted import DENIED, STACK, Answer, asked, stands
from tests.deployer.preflight.test_limits import in_use, quotas
from tests.deployer.preflight.test_offers import elasticache, rds
from tests.deployer.preflight.test_roles import BALANCING, Roles
from tests.deployer.scripted_clients import RefusedError
from tests.deployer.scripted_graphs import VirtualTime

RDS, ELASTICACHE = "rds.amazonaws.com", "elasticache.amazonaws.com"
WANTED = Wanted(
    STACK,
    zones=["", ""],
    database=Database("postgres", "17", "postgres17", "db.t4g.micro"),
    broker=Broker("valkey", "8.0", "cache.t4g.micro"),
    on_demand=Vcpus(2, 4),
)
ELSEWHERE = "arn:aws:acm:us-east-1:123456789012:certificate/one"
THROTTLED = RefusedError("Throttling", "Rate exceeded")
UNREACHED = EndpointConnectionError(endpoint_url="https://iam.amazonaws.com")
UNKNOWN = RefusedError("InvalidAction", "The action is not valid for this web service.")


def usual(roles: Roles | None = None) -> dict[str, dict[str, Answer]]:
    """An account and a region in which nothing is lacking."""
    everything: dict[str, dict[str, Answer]] = {}
    present = roles or Roles(ECS, BALANCING, RDS, ELASTICACHE)
    for answers in (quotas(L3032A538=6.0), in_use(), rds(), elasticache("8.0"), present.answers()):
        for service, operations in answers.items():
            everything.setdefault(service, {}).update(operations)
    return everything


def tools(answers: dict[str, dict[str, Answer]]) -> tuple[Tools, list[str]]:
    said: list[str] = []
    return Tools(asked(answers), said.append, said.append, VirtualTime().clock()), said


def test_nothing_is_lacking() -> None:
    assert check(asked(usual()), WANTED) == ()


def test_no_more_is_asked_than_the_settings_need() -> None:
    existing = Existing("", "", [], [], [])
    bare = Wanted(STACK, existing=existing)
    answers: dict[str, dict[str, Answer]] = {
        **Roles(ECS, BALANCING).answers(),
        "ec2": {"describe_vpcs": RefusedError("InvalidVpcID.NotFound", "none")},
    }
    assert [one.where for one in check(asked(answers), bare)] == ["network.existing.vpcId"]


def test_findings_of_all_checks_are_gathered_the_worst_first() -> None:
    answers = usual(Roles())
    answers["ec2"].update(in_use(vpcs=5)["ec2"])
    answers["elasticache"].update(elasticache("8.0", reserved=0)["elasticache"])
    answers["rds"].update(rds(zones="")["rds"])
    assert [(one.level, one.where) for one in check(asked(answers), WANTED)] == [
        (Level.ERROR, "metadataDb.instanceType"),
        (Level.ERROR, "network.mode"),
        (Level.WARNING, "celeryBackend.instanceType"),
        (Level.NOTE, "account"),
        (Level.NOTE, "account"),
    ]


def test_what_the_caller_may_not_read_is_a_warning_for_each_call() -> None:
    answers = usual()
    answers["service-quotas"]["get_service_quota"] = DENIED
    answers["iam"]["list_roles"] = DENIED
    assert [str(one) for one in check(asked(answers), WANTED)] == [
        "warning: permissions: GetServiceQuota is not allowed: could not check quotas, processors;"
        " `make airflow-permissions` prints what is needed",
        "warning: permissions: ListRoles is not allowed: could not check service-linked roles;"
        " `make airflow-permissions` prints what is needed",
    ]


def test_what_is_not_known_there_is_one_note() -> None:
    answers = usual()
    answers["service-quotas"]["get_service_quota"] = RefusedError("400", "")
    answers["elasticache"]["describe_reserved_cache_nodes_offerings"] = UNKNOWN
    assert [str(one) for one in check(asked(answers), WANTED)] == [
        "note: region: knows no call that it takes to check broker, quotas, processors"
    ]


@pytest.mark.parametrize("code", ["503", "InternalFailure", "Throttling"])
def test_an_outage_is_not_taken_for_a_call_that_nobody_knows(code: str) -> None:
    answers = usual()
    answers["rds"]["describe_db_engine_versions"] = RefusedError(code, "", 503)
    (finding,) = check(asked(answers), WANTED)
    assert (finding.level, finding.where) == (Level.WARNING, "database")
    assert "could not be checked: AWS " in finding.what


def test_a_deploy_says_what_could_not_be_checked() -> None:
    answers = usual()
    answers["elasticache"]["describe_reserved_cache_nodes_offerings"] = UNKNOWN
    ours, said = tools(answers)
    ready(ours, WANTED)
    assert said[1:] == ["note: region: knows no call that it takes to check broker"]


def test_another_trouble_is_told_and_the_others_go_on() -> None:
    answers = usual()
    answers["service-quotas"]["get_service_quota"] = RefusedError("ServiceException", "Something went wrong.")
    answers["rds"].update(rds(zones="")["rds"])
    assert [str(one) for one in check(asked(answers), WANTED)] == [
        "error: metadataDb.instanceType: db.t4g.micro with postgres 17.10 is not offered in eu-west-1;"
        " choose another class or version",
        "warning: quotas: could not be checked: GetServiceQuota failed: ServiceException: Something went wrong",
        "warning: processors: could not be checked: GetServiceQuota failed: ServiceException: Something went wrong",
    ]


def test_a_region_that_is_not_enabled_is_one_error() -> None:
    refused = RefusedError("InvalidClientTokenId", "The security token included in the request is invalid.", 403)
    assert [str(one) for one in check(asked({"sts": {"get_caller_identity": refused}}), WANTED)] == [
        "error: account: AWS does not accept these credentials in eu-west-1;"
        " is the region enabled for the account? (Account, AWS Regions in the console); or sign in again"
    ]


def test_expired_credentials_are_no_finding() -> None:
    with pytest.raises(Exception, match="ExpiredToken"):
        check(asked({"sts": {"get_caller_identity": RefusedError("ExpiredToken", "expired", 403)}}), WANTED)


def test_a_deploy_goes_on_where_nothing_is_lacking() -> None:
    account = Roles(ECS, BALANCING, RDS, ELASTICACHE)
    ours, said = tools(usual(account))
    ready(ours, WANTED)()
    assert said == ["checking account and region"]
    assert account.made == 0


def test_the_checks_are_over_when_their_findings_are_told() -> None:
    ours, said = tools(usual(Roles(BALANCING)))
    ready(replace(ours, done=lambda: said.append("done")), WANTED)
    assert said[-1] == "done"
    assert len(said) > 2


def test_a_deploy_stops_at_errors_before_anything_is_made() -> None:
    account = Roles()
    answers = usual(account)
    answers["ec2"].update(in_use(vpcs=5)["ec2"])
    ours, said = tools(answers)
    with pytest.raises(DeployError) as refusal:
        ready(ours, WANTED)
    assert str(refusal.value) == (
        "account and region lack what is needed: 1 error, nothing was changed;"
        " mend what is named above; `make airflow-doctor` checks again"
    )
    assert said[1] == (
        "error: network.mode: 5 of 5 VPCs are in use, and 1 more are wanted;"
        " remove what is not needed, or ask for more: Service Quotas in the console (L-F678F1CE)"
    )
    assert account.made == 0


def test_nothing_keeps_an_environment_that_stands_from_being_deployed() -> None:
    answers = usual()
    answers["cloudformation"] = stands()["cloudformation"]
    answers["rds"].update(rds(zones="")["rds"])
    answers["elasticache"].update(elasticache("10.0")["elasticache"])
    answers["service-quotas"].update(quotas(L3032A538=1.0)["service-quotas"])
    endpoints = {"logs": "com.amazonaws.eu-west-1.logs"}
    answers["ec2"]["describe_vpc_endpoint_services"] = {"ServiceDetails": []}
    answers["route53"] = {"get_hosted_zone": RefusedError("NoSuchHostedZone", "none", 404)}
    wanted = replace(WANTED, zones=["x", "y"], endpoints=endpoints, certificate=ELSEWHERE, hosted_zone="Z1")
    found = check(asked(answers), wanted)
    assert [one.where for one in found] == [
        "availabilityZone",
        "availabilityZone",
        "metadataDb.instanceType",
        "celeryBackend.engineVersion",
        "service",
        "network.endpoints",
        "https.certificateArn",
        "https.hostedZoneId",
    ]
    assert {one.level for one in found} == {Level.WARNING}
    ours, said = tools(answers)
    ready(ours, wanted)
    assert said[1:] == [str(one) for one in found]
    new = check(asked(answers | {"cloudformation": stands("ROLLBACK_COMPLETE")["cloudformation"]}), wanted)
    assert {one.level for one in new} == {Level.ERROR}


def test_where_the_stack_may_not_be_looked_at_errors_stay() -> None:
    answers = usual()
    answers["cloudformation"] = {"describe_stacks": DENIED}
    answers["ec2"]["describe_availability_zones"] = {"AvailabilityZones": []}
    found = check(asked(answers), replace(WANTED, database=None))
    assert [(one.level, one.where) for one in found] == [(Level.ERROR, "publicSubnet"), (Level.WARNING, "permissions")]


def test_a_deploy_tells_warnings_and_makes_the_role_of_ecs_when_it_may() -> None:
    account = Roles(BALANCING)
    answers = usual(account)
    answers["service-quotas"]["get_service_quota"] = DENIED
    ours, said = tools(answers)
    make = ready(ours, WANTED)
    assert account.made == 0
    make()
    assert [line.partition(":")[0] for line in said] == [
        "checking account and region",
        "warning",
        "note",
        "note",
        "made the service-linked role of ecs.amazonaws.com, which this account did not have yet",
    ]
    assert account.made == 1


@pytest.mark.parametrize(
    ("refusal", "why"),
    [
        (DENIED, "AWS does not allow CreateServiceLinkedRole: User: ada is not authorized to perform this"),
        (THROTTLED, "AWS is throttling CreateServiceLinkedRole: Rate exceeded"),
        (UNREACHED, 'AWS could not be reached: Could not connect to the endpoint URL: "https://iam.amazonaws.com"'),
    ],
)
def test_where_the_role_cannot_be_made_it_goes_on(refusal: Exception, why: str) -> None:
    answers = usual(Roles())
    answers["iam"]["create_service_linked_role"] = refusal
    ours, said = tools(answers)
    ready(ours, WANTED)()
    assert said[-1] == (
        f"warning: account: the service-linked role of ecs.amazonaws.com could not be made: {why};"
        " an account's first cluster can fail without it"
    )


@pytest.mark.parametrize("trouble", [DENIED, THROTTLED, UNREACHED])
def test_roles_that_cannot_be_listed_are_asked_for_once_and_it_goes_on(trouble: Exception) -> None:
    asked_for: list[str] = []

    def list_roles(PathPrefix: str) -> dict[str, Any]:  # noqa: N803
        asked_for.append(PathPrefix)
        raise trouble

    answers = usual()
    answers["iam"]["list_roles"] = list_roles
    ours, said = tools(answers)
    ready(ours, WANTED)
    assert len(asked_for) == 1
    (line,) = said[1:]
    assert line.startswith("warning: ")
    assert "service-linked roles" in line

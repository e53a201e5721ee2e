"""Rules of who may do what, and who may connect to what."""

from collections.abc import Iterator
from typing import Any

from generator.config.fields import ANYWHERE
from tests.house_rules.house import Body, House, Resource, Violation, said

# Actions that AWS knows no resource for, or that ask for all that there is.
# https://docs.aws.amazon.com/service-authorization/latest/reference/reference_policies_actions-resources-contextkeys.html
ANYTHING = {
    "ecr:GetAuthorizationToken": "signs in to all repositories of the account at once",
    "ssmmessages:CreateControlChannel": "ECS Exec",
    "ssmmessages:CreateDataChannel": "ECS Exec",
    "ssmmessages:OpenControlChannel": "ECS Exec",
    "ssmmessages:OpenDataChannel": "ECS Exec",
    "cloudwatch:PutMetricData": "metrics have no ARN; a condition holds it to one namespace",
    "logs:DescribeLogGroups": "lists, so it has no single log group",
}
CONDITIONED = {"cloudwatch:PutMetricData"}
# Principals that are not `<service>.amazonaws.com` in every partition.
# https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/encrypt-log-data-kms.html
ODD_PRINCIPALS = ({"Fn::Sub": "logs.${AWS::Region}.${AWS::URLSuffix}"},)
ACCOUNT = {"AWS": {"Fn::Sub": "arn:${AWS::Partition}:iam::${AWS::AccountId}:root"}}
# Policies of these only narrow what others allow, or speak of the one thing they belong to.
OWN_POLICY = ("KMS::Key", "EC2::VPCEndpoint")
INTERNET = (ANYWHERE, "::/0")


def statements(value: Any) -> Iterator[Body]:
    """Every statement of every policy in a value."""
    if isinstance(value, dict):
        for key, one in value.items():
            if key == "Statement":
                yield from one if isinstance(one, list) else [one]
            yield from statements(one)
    elif isinstance(value, list):
        for one in value:
            yield from statements(one)


def _listed(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]


def _rights(house: House) -> Iterator[tuple[Resource, Body]]:
    """Each statement that allows something, except those that the user wrote."""
    policies = [house.settings.airflow.task_policies, *_groups_policies(house)]
    own = [sorted(statement.actions) for policy in policies for statement in policy.statements]
    for resource in house.resources():
        for statement in statements(resource.properties):
            if statement["Effect"] == "Allow" and sorted(_listed(statement.get("Action", []))) not in own:
                yield resource, statement


def _groups_policies(house: House) -> Iterator[Any]:
    return (group.task_policies for group in house.settings.service.worker_groups.values())


def actions(house: House) -> Iterator[Violation]:
    """Nobody may do everything, even with one service; only an account with its own key."""
    for resource, statement in _rights(house):
        if {"NotAction", "NotResource", "NotPrincipal"} & set(statement):
            yield resource.breaks("allows all but something")
        for action in _listed(statement.get("Action", [])):
            whole = resource.type == "EC2::VPCEndpoint" or statement.get("Principal") == ACCOUNT
            if action == "*" or (action.endswith(":*") and not whole):
                yield resource.breaks(f"may do everything: {action}")
            elif "*" in action and resource.type not in OWN_POLICY:
                yield resource.breaks(f"may do more than is named: {action}")


def anything(house: House) -> Iterator[Violation]:
    """On anything at all, only what AWS knows no resource for."""
    for resource, statement in _rights(house):
        if resource.type in OWN_POLICY or "*" not in _listed(statement.get("Resource", [])):
            continue
        for action in _listed(statement["Action"]):
            if action not in ANYTHING or (action in CONDITIONED and "Condition" not in statement):
                yield resource.breaks(f"{action} on anything")


def principals(house: House) -> Iterator[Violation]:
    """Services are named as every partition names them; beside them only the account itself is let in."""
    for resource, statement in _rights(house):
        principal = statement.get("Principal")
        if principal is None:
            continue
        services = _listed(principal.get("Service", [])) if isinstance(principal, dict) else []
        for service in services:
            named = isinstance(service, str) and service.endswith(".amazonaws.com") and "$" not in service
            if not named and service not in ODD_PRINCIPALS:
                yield resource.breaks(f"principal {said(service)} is not one of every partition")
        account = resource.type == "EC2::VPCEndpoint" and '"aws:PrincipalAccount"' in said(statement.get("Condition"))
        if not services and principal != ACCOUNT and not account:
            yield resource.breaks(f"lets in {said(principal)}")


def trust(house: House) -> Iterator[Violation]:
    """Roles are for AWS's services alone."""
    for resource in house.resources("IAM::Role"):
        for statement in resource.properties["AssumeRolePolicyDocument"]["Statement"]:
            if set(statement["Principal"]) != {"Service"}:
                yield resource.breaks(f"may be assumed by {said(statement['Principal'])}")


def roles(house: House) -> Iterator[Violation]:
    """Every role has the path and the boundary of the organisation, and no name of its own."""
    wanted = house.settings.iam
    for resource in house.resources("IAM::Role"):
        found = resource.properties
        if found.get("Path") != wanted.path:
            yield resource.breaks(f"path is {found.get('Path')}, not {wanted.path}")
        if bool(found.get("PermissionsBoundary")) != bool(wanted.permissions_boundary):
            yield resource.breaks("has not the permissions boundary of the settings")
        if "RoleName" in found:
            yield resource.breaks("has a name, which needs another capability and clashes in other regions")
    for resource in house.resources("IAM::User", "IAM::AccessKey", "IAM::Group"):
        yield resource.breaks("people and keys are not ours to make")


def public_databases(house: House) -> Iterator[Violation]:
    """No database has a public address."""
    for resource in house.resources("RDS::DBInstance"):
        if resource.properties.get("PubliclyAccessible") is not False:
            yield resource.breaks("may have a public address")


def _inbound(house: House) -> Iterator[tuple[Resource, Body]]:
    for resource in house.resources("EC2::SecurityGroup"):
        for rule in resource.properties.get("SecurityGroupIngress", []):
            yield resource, rule
    for resource in house.resources("EC2::SecurityGroupIngress"):
        yield resource, resource.properties


def inbound(house: House) -> Iterator[Violation]:
    """Nobody outside may connect but those on the allow list, and everyone only to the port that is meant."""
    written = {str(network) for network in house.settings.whitelisted_ips}
    for resource, rule in _inbound(house):
        network = rule.get("CidrIp", rule.get("CidrIpv6"))
        if network in INTERNET and network not in written:
            yield resource.breaks(f"lets in {network}, which is not on the allow list")
        elif network is not None and network not in written | {house.settings.network_cidr}:
            yield resource.breaks(f"lets in {said(network)}, which nobody wrote")
        if rule.get("IpProtocol") != "tcp" or rule.get("FromPort") != rule.get("ToPort"):
            yield resource.breaks("lets in to more than one TCP port")


def outbound(house: House) -> Iterator[Violation]:
    """Every security group says where it may connect to: one that says nothing may connect to everything."""
    for resource in house.resources("EC2::SecurityGroup"):
        if not resource.properties.get("SecurityGroupEgress"):
            yield resource.breaks("may connect to everything, as it says nothing")


def front_door(house: House) -> Iterator[Violation]:
    """With HTTPS, people speak TLS 1.2 or newer, and HTTP only tells them so."""
    for resource in house.resources("ElasticLoadBalancingV2::Listener"):
        found = resource.properties
        if found["Protocol"] == "HTTPS":
            if not any(text in found.get("SslPolicy", "") for text in ("TLS13", "TLS-1-2")):
                yield resource.breaks("takes TLS older than 1.2")
        elif house.settings.https.enabled and {action["Type"] for action in found["DefaultActions"]} != {"redirect"}:
            yield resource.breaks("serves without TLS though there is a certificate")


RULES = (
    actions,
    anything,
    principals,
    trust,
    roles,
    public_databases,
    inbound,
    outbound,
    front_door,
)

"""What is the environment's own: by name where names are known, by its tags where they are not."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from deployer.permissions import reference

EVERYTHING = ("*",)
_NO_REGION = {"iam", "route53", "s3"}
_NO_ACCOUNT = {"route53", "s3"}
# Kinds of resources whose names are known; those of all others are of CloudFormation's making.
_KINDS = {
    "cloudformation": {"stack"},
    "ecr": {"repository"},
    "ecs": {"cluster", "service", "service-deployment", "task", "task-definition"},
    "iam": {"role"},
    "logs": {"log-group", "log-stream"},
    "s3": {"bucket", "object"},
    "secretsmanager": {"secret"},
}
# Asked of a template, which is no resource yet; and of a zone that AWS keeps, for a network.
_OF_NOTHING = {"cloudformation:GetTemplateSummary", "route53:AssociateVPCWithHostedZone"}
# What CloudFormation names before it asks for it, as ARNs end; all others have their ids from who makes them.
_BEFOREHAND = {"cloudwatch": "alarm:{}*", "rds": "*:{}*", "sns": "{}*", "sqs": "{}*"}
# Of these the name says nothing: 15 letters of its own, as in
# https://github.com/aws-cloudformation/cloudformation-coverage-roadmap/issues/210
_UNTOLD = {"application-autoscaling", "elasticache"}
# CloudFormation cuts names to what a service takes, and leaves room for the logical id and 13 letters of its own. So
# much of the stack's name is there in roles, buckets and databases, whose names are the shortest of all (64 and 63).
# https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-properties-name.html
# https://github.com/aws-cloudformation/cloudformation-cli-java-plugin (IdentifierUtils, which RDS's types name by)
_WHOLE = 24


@dataclass(frozen=True)
class Scope:
    """Where an environment lies. Unknown, region and account are `*`.

    `made_secrets` are logical ids of secrets, which their names begin with; `given_secrets` are ARNs of others. `roles`
    is the path of the roles, `boundary` the ARN of the policy that bounds them, `passed_to` are the services that they
    are for. `key` is the ARN of a key that is given, `repository` that of one from which the image is named. `tags` are
    those that tell the environment's resources from others.
    """

    stack: str
    partition: str
    region: str = "*"
    account: str = "*"
    roles: str = "/"
    boundary: str = ""
    passed_to: Sequence[str] = ()
    made_secrets: Sequence[str] = ()
    given_secrets: Sequence[str] = ()
    key: str = ""
    repository: str = ""
    tags: Mapping[str, str] = field(default_factory=dict)

    def resources(self, action: str) -> tuple[str, ...]:
        """Return what an action may be allowed on."""
        service, kinds = action.partition(":")[0], reference.kinds(action)
        if not kinds or action in _OF_NOTHING:
            return EVERYTHING
        if service == "kms" and self.key:
            return (self.key,)
        if service not in _KINDS:
            return (f"{self._arn(service)}:*",)
        if not _KINDS[service].intersection(kind.lower() for kind in kinds):
            return EVERYTHING  # such as tasks, which are listed by instances of a cluster that has none
        return tuple(f"{self._arn(service)}:{name}" for name in self._names()[service])

    def beforehand(self, action: str) -> tuple[str, ...]:
        """Return what may be asked to go though it was never made: it has a name, and no tags that would tell."""
        service = action.partition(":")[0]
        if service in _UNTOLD:
            return self.resources(action)
        if service not in _BEFOREHAND:
            return ()
        return (f"{self._arn(service)}:{_BEFOREHAND[service].format(short(self.stack))}",)

    def of_kinds(self, action: str, kinds: Sequence[str]) -> tuple[str, ...]:
        """Return all resources of these kinds."""
        service = action.partition(":")[0]
        return tuple(f"{self._arn(service)}:{reference.ending(service, kind)}" for kind in kinds)

    def is_named(self, action: str) -> bool:
        """Whether the names of what an action is on are known."""
        return action.partition(":")[0] in _KINDS

    def secrets(self) -> tuple[str, ...]:
        """Return all secrets, whoever has made them."""
        return (f"{self._arn('secretsmanager')}:secret:*",)

    def insights(self) -> tuple[str, ...]:
        """Return the log groups of Container Insights, which ECS names after the cluster."""
        return (f"{self._arn('logs')}:log-group:/aws/ecs/containerinsights/{self.stack}-*",)

    def service_roles(self) -> tuple[str, ...]:
        """Return the roles that AWS's services make for themselves."""
        return (f"{self._arn('iam')}:role/aws-service-role/*",)

    def _names(self) -> Mapping[str, Sequence[str]]:
        """Return names by service, as their ARNs end."""
        stack = self.stack
        return {
            "cloudformation": (f"stack/{stack}/*", f"stack/{stack}-*", "changeSet/*"),
            "ecr": (f"repository/{stack}-*",),
            "ecs": tuple(f"{kind}/{stack}-*" for kind in sorted(_KINDS["ecs"])),
            "iam": (f"role{self.roles}{short(stack)}*",),
            "logs": (f"log-group:/{stack}/*", f"log-group:{stack}-*"),
            "s3": (f"{short(stack)}*",),
            "secretsmanager": (f"secret:{stack}-*", *(f"secret:{name}-*" for name in self.made_secrets)),
        }

    def _arn(self, service: str) -> str:
        region = "" if service in _NO_REGION else self.region
        account = "" if service in _NO_ACCOUNT else self.account
        return f"arn:{self.partition}:{service}:{region}:{account}"


def short(stack: str) -> str:
    """Return what the names of all resources of a stack and its nested ones begin with."""
    return f"{stack}-"[:_WHOLE]

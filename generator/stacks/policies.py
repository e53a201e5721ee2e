"""Every IAM statement of a role, each a named function that says in a line what it is for; and how a role is made."""

import re
from collections.abc import Sequence

from awacs import sts
from awacs.aws import Action, Allow, Condition, PolicyDocument, Principal, Statement, StringEquals
from troposphere import Ref, Sub, Template
from troposphere.iam import Policy, Role

from generator.config.settings import Settings
from generator.config.tasks import TaskPolicies
from generator.stacks.nesting import Value

ACCOUNT = "${AWS::Region}:${AWS::AccountId}"
# What a user may write into a policy and is filled in; other ${...} are IAM's own and stay as they are.
FILLED_IN = ("AWS::Partition", "AWS::Region", "AWS::AccountId")


def role(
    template: Template,
    settings: Settings,
    logical_id: str,
    trust: PolicyDocument,
    statements: Sequence[Statement],
    managed: Sequence[Value] = (),
) -> Role:
    """Add a role, under the path and within the boundary that the user's organisation wants of every role."""
    made = Role(logical_id, AssumeRolePolicyDocument=trust, Path=settings.iam.path)
    if statements:
        made.Policies = [Policy(PolicyName=logical_id, PolicyDocument=document(*statements))]
    if managed:
        made.ManagedPolicyArns = list(managed)
    if settings.iam.permissions_boundary:
        made.PermissionsBoundary = policy_arn(settings.iam.permissions_boundary, "${AWS::AccountId}")
    return template.add_resource(made)


def document(*statements: Statement) -> PolicyDocument:
    """A policy of these statements."""
    return PolicyDocument(Version="2012-10-17", Statement=list(statements))


def policy_arn(reference: str, owner: str = "aws") -> Value:
    """Return the ARN of a managed policy that is named by ARN, or by the name that it has in an account, or at AWS."""
    return reference if reference.startswith("arn:") else _arn("iam", f":{owner}:policy/{reference}")


def assumed_by(service: str) -> PolicyDocument:
    """A service of AWS may take the role; `ecs-tasks.amazonaws.com` and its like are the same in every partition."""
    return document(Statement(Effect=Allow, Principal=Principal("Service", service), Action=[sts.AssumeRole]))


def assumed_by_own_tasks() -> PolicyDocument:
    """Tasks of this account may take the role, and nobody else through ECS.

    https://docs.aws.amazon.com/AmazonECS/latest/developerguide/task-iam-roles.html
    """
    own = Condition(StringEquals("aws:SourceAccount", Ref("AWS::AccountId")))
    principal = Principal("Service", "ecs-tasks.amazonaws.com")
    return document(Statement(Effect=Allow, Principal=principal, Action=[sts.AssumeRole], Condition=own))


def assumed_by_own_flow_logs() -> PolicyDocument:
    """The flow logs of this account may take the role.

    https://docs.aws.amazon.com/vpc/latest/userguide/flow-logs-iam-role.html
    """
    own = Condition(StringEquals("aws:SourceAccount", Ref("AWS::AccountId")))
    principal = Principal("Service", "vpc-flow-logs.amazonaws.com")
    return document(Statement(Effect=Allow, Principal=principal, Action=[sts.AssumeRole], Condition=own))


def write_flow_logs(group_arn: Value) -> Statement:
    """Write a VPC's flow logs to their log group, and to no other."""
    actions = ("logs:CreateLogStream", "logs:DescribeLogStreams", "logs:PutLogEvents")
    return _allow(actions, group_arn)


def without_resource(actions: Sequence[str]) -> Statement:
    """Calls for which AWS knows no resource: the log-in at ECR, and the channels of ECS Exec."""
    return _allow(actions, "*")


def pull_images(actions: Sequence[str]) -> Statement:
    """Fetch the image of the components from a repository of this account: which one is known only on a deploy."""
    return _allow(actions, _arn("ecr", f"{ACCOUNT}:repository/*"))


def write_own_log(actions: Sequence[str], log_group: Value, component: str) -> Statement:
    """Send what a component prints to its own streams of the components' log group."""
    return _allow(actions, _arn("logs", f"{ACCOUNT}:log-group:${{Group}}:log-stream:{component}/*", Group=log_group))


def read_secrets(actions: Sequence[str], arns: Sequence[Value]) -> Statement:
    """Hand these secrets to the containers."""
    return _allow(actions, *arns)


def look_for_task_logs(actions: Sequence[str], bucket: Value) -> Statement:
    """See which logs of tasks there are."""
    return _allow(actions, _bucket(bucket))


def keep_task_logs(actions: Sequence[str], bucket: Value) -> Statement:
    """Read the logs of tasks in the bucket, or write them."""
    return _allow(actions, _bucket(bucket, "/logs/*"))


def stream_task_logs(actions: Sequence[str], group_arn: Value) -> Statement:
    """Read the logs of tasks in CloudWatch, or write them."""
    return _allow(actions, group_arn)


def look_for_log_group(actions: Sequence[str]) -> Statement:
    """Find the log group by its name: AWS asks for the right to see the names of all.

    https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/permissions-reference-cwl.html
    """
    return _allow(actions, _arn("logs", f"{ACCOUNT}:log-group:*"))


def use_queues(actions: Sequence[str], arns: Sequence[Value]) -> Statement:
    """Put tasks into queues, or take them from there."""
    return _allow(actions, *arns)


def look_up(actions: Sequence[str], prefix: str) -> Statement:
    """Read the connections and variables of this environment, and of no other."""
    kinds = ("connections", "variables")
    return _allow(actions, *(_arn("secretsmanager", f"{ACCOUNT}:secret:{prefix}/{kind}/*") for kind in kinds))


def use_key(actions: Sequence[str], key_arn: Value) -> Statement:
    """Read and write what is encrypted with the customer's key."""
    return _allow(actions, key_arn)


def users_own(policies: TaskPolicies) -> list[Statement]:
    """What the user allows to users' code, word for word."""
    return [_allow(one.actions, *(filled_in(text) for text in one.resources)) for one in policies.statements]


def filled_in(text: str) -> Value:
    """`text` with partition, region and account filled in; variables of IAM's own, as `${aws:username}`, stay."""
    kept = re.sub(rf"\$\{{(?!({'|'.join(FILLED_IN)})\}})", "${!", text)
    return Sub(kept) if any(f"${{{name}}}" in text for name in FILLED_IN) else text


def _allow(actions: Sequence[str], *resources: Value) -> Statement:
    named = [Action(*action.split(":", 1)) for action in actions]
    return Statement(Effect=Allow, Action=named, Resource=list(resources))


def _arn(service: str, rest: str, **values: Value) -> Sub:
    """Return an ARN of this partition."""
    return Sub(f"arn:${{AWS::Partition}}:{service}:{rest}", dict(values))


def _bucket(bucket: Value, path: str = "") -> Sub:
    return _arn("s3", f"::${{Bucket}}{path}", Bucket=bucket)

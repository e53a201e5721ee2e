"""The roles of the tasks: one for ECS, which starts them, and one for what runs in them."""

from dataclasses import dataclass

from awacs.aws import PolicyDocument
from troposphere import GetAtt, Template
from troposphere.iam import Policy, Role

from generator.config.settings import Settings
from generator.stacks import policies
from generator.stacks.nesting import Value


@dataclass(frozen=True)
class Inputs:
    """What the roles give access to."""

    logs_bucket: Value
    log_group_arn: Value
    database_secret_arn: Value
    broker_secret_arn: Value
    fernet_secret_arn: Value
    jwt_secret_arn: Value
    session_secret_arn: Value
    admin_secret_arn: Value


@dataclass(frozen=True)
class Outputs:
    """ARNs of the roles."""

    execution_role_arn: Value
    task_role_arn: Value


def build(template: Template, settings: Settings, inputs: Inputs) -> Outputs:  # noqa: ARG001
    """Roles: what ECS may do to start Airflow's tasks, and what the tasks may do."""
    secrets = (
        inputs.database_secret_arn,
        inputs.broker_secret_arn,
        inputs.fernet_secret_arn,
        inputs.jwt_secret_arn,
        inputs.session_secret_arn,
        inputs.admin_secret_arn,
    )
    start = policies.document(
        *policies.pull_images(),
        policies.write_component_logs(inputs.log_group_arn),
        policies.read_secrets(secrets),
    )
    run = policies.document(*policies.keep_task_logs(inputs.logs_bucket), policies.open_shells())
    execution = _role(template, "ExecutionRole", "Start", start)
    task = _role(template, "TaskRole", "Run", run)
    return Outputs(GetAtt(execution, "Arn"), GetAtt(task, "Arn"))


def _role(template: Template, logical_id: str, policy: str, document: PolicyDocument) -> Role:
    return template.add_resource(
        Role(
            logical_id,
            AssumeRolePolicyDocument=policies.assumed_by_tasks(),
            Policies=[Policy(PolicyName=policy, PolicyDocument=document)],
        )
    )

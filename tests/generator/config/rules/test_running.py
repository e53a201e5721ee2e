"""Rules of Airflow's options, task policies and ARNs: each speaks of its key and says what to write."""

import pytest

from tests.generator.config.cases import arn
from tests.generator.config.rules.shown import Shown, airflow, service, speaks

SHOWN: list[Shown] = [
    (
        "option-reserved",
        airflow(options={"core": {"fernet_key": "x"}}),
        "airflow.options.core.fernet_key",
        "made of secrets",
    ),
    (
        "variable-twice",
        airflow(options={"core": {"x": 1}}, variables={"AIRFLOW__CORE__X": 2}),
        "airflow.variables.AIRFLOW__CORE__X",
        "airflow.options.core.x says",
    ),
    (
        "variable-twice",
        airflow(variables={"LAKE": 1}, secrets={"LAKE": arn("ssm", "parameter/lake")}),
        "airflow.secrets.LAKE",
        "airflow.variables.LAKE says",
    ),
    (
        "option-overridden",
        airflow(options={"core": {"parallelism": 5}}),
        "airflow.options.core.parallelism",
        "airflow.parallelism says this",
    ),
    (
        "option-overridden",
        airflow(variables={"AIRFLOW__CORE__EXECUTOR": "LocalExecutor"}),
        "airflow.variables.AIRFLOW__CORE__EXECUTOR",
        "may break them",
    ),
    (
        "secret-in-plain-text",
        airflow(variables={"LAKE_PASSWORD": "x"}),
        "airflow.variables.LAKE_PASSWORD",
        "airflow.secrets",
    ),
    (
        "secret-in-plain-text",
        airflow(variables={"AIRFLOW_CONN_LAKE": "postgres://me:x@lake"}),
        "airflow.variables.AIRFLOW_CONN_LAKE",
        "for all to read",
    ),
    ("airflow-not-tried", airflow(version="3.2.0"), "airflow.version", "3.3.x was"),
    ("timezone-unknown", service(hours={"timezone": "Europe/Berlim"}), "service.hours.timezone", "Europe/Berlin"),
    (
        "tasks-may-do-all",
        airflow(taskPolicies={"managed": ["AdministratorAccess"]}),
        "airflow.taskPolicies.managed[0]",
        "anything in the account",
    ),
    (
        "tasks-may-do-all",
        service(workerGroups={"big": {"taskPolicies": {"statements": [{"actions": ["iam:*"], "resources": ["*"]}]}}}),
        "service.workerGroups.big.taskPolicies.statements[0]",
        "anything in the account",
    ),
    (
        "many-managed-policies",
        airflow(taskPolicies={"managed": [f"a{n}" for n in range(8)]})
        | service(workerGroups={"big": {"taskPolicies": {"managed": ["b", "c", "d"]}}}),
        "service.workerGroups.big.taskPolicies.managed",
        "11 managed policies",
    ),
    ("tag-overridden", {"tags": {"Owner": "me"}}, "tags.Owner", "always owner"),
    (
        "of-another-place",
        {"region": "us-east-1", "kms": {"keyArn": arn("kms", "key/1")}},
        "kms.keyArn",
        "is of eu-central-1",
    ),
    (
        "of-another-place",
        {"region": "cn-north-1", "secrets": {"jwt": arn("secretsmanager", "secret:x")}},
        "secrets.jwt",
        "cn-north-1 is of aws-cn",
    ),
]


@pytest.mark.parametrize("shown", SHOWN, ids=lambda shown: f"{shown[0]}: {shown[2]}")
def test_a_rule_speaks_of_its_key(shown: Shown) -> None:
    speaks(shown)

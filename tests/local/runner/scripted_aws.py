"""An AWS that answers from a list; botocore checks that each answer has the shape of the real service's."""

from collections.abc import Mapping, Sequence
from typing import Any

import boto3
from botocore.stub import Stubber

from local.runner.definitions import Clients

CLUSTER = "demo-local"
ECS = "arn:aws:ecs:eu-west-1:123456789012"
SESSION = boto3.Session(aws_access_key_id="none", aws_secret_access_key="none", region_name="eu-west-1")
SECRETS = "arn:aws:secretsmanager:eu-west-1:123456789012:secret:"


class ScriptedAws:
    """Clients and what they will answer, in order."""

    def __init__(self) -> None:
        self.clients = unreachable_clients()
        self._ecs = Stubber(self.clients.ecs)
        self._secrets = Stubber(self.clients.secrets)
        self._names = Stubber(self.clients.names)
        for stubber in (self._ecs, self._secrets, self._names):
            stubber.activate()

    def many_services(self, names: Sequence[str]) -> None:
        arns = [f"{ECS}:service/{CLUSTER}/{name}" for name in names]
        self._ecs.add_response("list_services", {"serviceArns": arns[1:], "nextToken": "more"})
        self._ecs.add_response("list_services", {"serviceArns": arns[:1]})
        for first in (0, 10):
            part = [service(name) for name in names[first : first + 10]]
            asked = {"cluster": CLUSTER, "services": arns[first : first + 10]}
            self._ecs.add_response("describe_services", {"services": part}, asked)

    def services(self, *services: Mapping[str, Any]) -> None:
        arns = [f"{ECS}:service/{CLUSTER}/{service['serviceName']}" for service in services]
        self._ecs.add_response("list_services", {"serviceArns": arns}, {"cluster": CLUSTER})
        if services:
            asked = {"cluster": CLUSTER, "services": sorted(arns)}
            self._ecs.add_response("describe_services", {"services": list(services)}, asked)

    def no_cluster(self) -> None:
        self._ecs.add_client_error("list_services", "ClusterNotFoundException", "Cluster not found.")

    def definition(self, *containers: Mapping[str, Any], asked: str | None = None, **more: str) -> None:
        answer = {"taskDefinition": {"containerDefinitions": list(containers), **more}}
        self._ecs.add_response("describe_task_definition", answer, {"taskDefinition": asked} if asked else None)

    def secret(self, answer: Mapping[str, Any], asked: Mapping[str, str]) -> None:
        self._secrets.add_response("get_secret_value", dict(answer), dict(asked))

    def no_secret(self) -> None:
        self._secrets.add_client_error(
            "get_secret_value", "ResourceNotFoundException", "Secrets Manager can't find the specified secret."
        )

    def private_service(self, identifier: str, service: str, namespace: str) -> None:
        found = {"Service": {"Name": service, "DnsConfig": {"NamespaceId": "ns-1", "DnsRecords": []}}}
        self._names.add_response("get_service", found, {"Id": identifier})
        self._names.add_response("get_namespace", {"Namespace": {"Name": namespace}}, {"Id": "ns-1"})


def unreachable_clients() -> Clients:
    """Make clients of an AWS that does not answer."""
    return Clients.of(SESSION, "http://127.0.0.1:1")


def service(name: str, **more: Any) -> dict[str, Any]:
    """Describe a service as ECS does."""
    definition = f"{ECS}:task-definition/{name}:1"
    return {"serviceName": name, "status": "ACTIVE", "desiredCount": 1, "taskDefinition": definition, **more}

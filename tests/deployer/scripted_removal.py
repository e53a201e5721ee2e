"""An environment that is to be removed: both stacks stand, with something in every bucket."""

from __future__ import annotations

from typing import Any

from deployer.cloudformation.events import StackEvent
from deployer.cloudformation.stacks import StackNames, name_of
from deployer.destroying import destruction
from deployer.destroying.removals import Removal
from deployer.tools import Tools
from tests.deployer.scenes import drained
from tests.deployer.scripted_clients import RefusedError, scripted
from tests.deployer.scripted_cloudformation import (
    MIDNIGHT,
    Graph,
    Resource,
    ScriptedCloudFormation,
    VirtualTime,
    nested,
)
from tests.deployer.scripted_environment import Sts
from tests.deployer.scripted_secrets import ScriptedSecrets
from tests.deployer.scripted_snapshots import Rds
from tests.deployer.scripted_storage import ScriptedEcr, ScriptedS3

NAMES = StackNames("airflow", "dev")
FOUNDATION, ROOT = "airflow-dev-foundation", "airflow-dev"
LOGS, KEPT, TEMPLATES = "airflow-dev-storage-logs", "airflow-dev-storage-kept", "airflow-dev-foundation-templates"
IMAGES = "airflow-dev-foundation-images"

FOUNDATION_GRAPH = Graph(
    (Resource("Templates", "AWS::S3::Bucket"), Resource("Images", "AWS::ECR::Repository")),
    outputs={"TemplatesBucket": TEMPLATES, "KeyArn": "arn:key"},
)
ROOT_GRAPH = Graph(
    (
        nested(
            "Storage",
            Resource("Logs", "AWS::S3::Bucket"),
            Resource("Kept", "AWS::S3::Bucket", policy="Retain"),
        ),
        nested("Data", Resource("Database", "AWS::RDS::DBInstance", seconds=20, policy="Snapshot")),
    )
)


class Watched(ScriptedS3):
    """An S3 that closes some buckets to whoever wants to look into them, and remembers what was deleted at once."""

    def __init__(self, *buckets: str) -> None:
        super().__init__(*buckets)
        self.closed: set[str] = set()
        self.deleted: list[tuple[str, set[str]]] = []

    def list_object_versions(self, Bucket: str, KeyMarker: str = "", **rest: object) -> dict[str, Any]:  # noqa: N803
        if Bucket in self.closed:
            raise RefusedError("AccessDenied", "Access Denied", 403)
        return super().list_object_versions(Bucket, KeyMarker, **rest)

    def delete_objects(self, Bucket: str, Delete: dict[str, Any], **rest: object) -> dict[str, Any]:  # noqa: N803
        self.deleted.append((Bucket, {each["Key"] for each in Delete["Objects"]}))
        return super().delete_objects(Bucket, Delete, **rest)


class Interfaces:
    """An EC2 with network interfaces."""

    def __init__(self) -> None:
        self.calls: list[str] = []
        self.found: dict[tuple[str, str], str] = {}  # filter and value: description

    def describe_network_interfaces(self, Filters: list[dict[str, Any]]) -> dict[str, Any]:  # noqa: N803
        described = [self.found.get((each["Name"], each["Values"][0])) for each in Filters]
        return {"NetworkInterfaces": [{"NetworkInterfaceId": "eni-1", "Description": d} for d in described if d]}


class Logs:
    """Log groups."""

    def __init__(self) -> None:
        self.calls: list[str] = []
        self.groups: set[str] = set()

    def describe_log_streams(self, logGroupName: str, **_: object) -> dict[str, Any]:  # noqa: N803
        if logGroupName not in self.groups:
            raise RefusedError("ResourceNotFoundException", "The specified log group does not exist.")
        return {"logStreams": []}


class Scene:
    """Both stacks stand, with something in every bucket; a full bucket is not deleted."""

    def __init__(self) -> None:
        self.time = VirtualTime()
        self.cloud = ScriptedCloudFormation(self.time)
        self.s3 = Watched(LOGS, KEPT, TEMPLATES)
        self.ecr = ScriptedEcr(**{IMAGES.replace("-", "_"): ["sha256:1"]})
        self.secrets, self.ec2, self.rds, self.logs = ScriptedSecrets(), Interfaces(), Rds(), Logs()
        self.aws = scripted(
            {
                "cloudformation": self.cloud,
                "s3": self.s3,
                "ecr": self.ecr,
                "secretsmanager": self.secrets,
                "ec2": self.ec2,
                "rds": self.rds,
                "logs": self.logs,
                "sts": Sts(),
            }
        )
        self.said: list[str] = []
        self.tools = Tools(self.aws, self.said.append, clock=self.time.clock(), today=lambda: MIDNIGHT)
        self.cloud.blocked = self.blocked
        self.asked: list[Removal] = []

    def stand(self, root: str = "CREATE_COMPLETE") -> Scene:
        self.cloud.put(FOUNDATION, "CREATE_COMPLETE", FOUNDATION_GRAPH)
        self.cloud.put(ROOT, root, ROOT_GRAPH)
        for bucket in (LOGS, KEPT):
            self.s3.fill(bucket, "one", "two")
        self.s3.fill(TEMPLATES, "templates/1.yml", "releases/000001.json", "deployed.json")
        return self

    def stand_in_a_network(self) -> Scene:
        """All of the root can be thrown away; its subnet is `subnet-1`."""
        graph = Graph((nested("Network", Resource("Subnet", "AWS::EC2::Subnet"), Resource("Vpc", "AWS::EC2::VPC")),))
        self.cloud.names = {"Subnet": "subnet-1"}
        self.cloud.put(FOUNDATION, "CREATE_COMPLETE", FOUNDATION_GRAPH)
        self.cloud.put(ROOT, "CREATE_COMPLETE", graph)
        return self

    def refuse_to_delete(self, stack: str, code: str = "AccessDenied") -> None:
        """From now on a stack is not deleted by whoever asks."""
        delete = self.cloud.delete_stack

        def asked(StackName: str, **rest: object) -> None:  # noqa: N803
            if name_of(StackName) == stack:
                raise RefusedError(code, "not authorized to perform: cloudformation:DeleteStack", 403)
            delete(StackName, **rest)

        self.cloud.delete_stack = asked  # type: ignore[method-assign]

    def blocked(self, physical_id: str) -> str:
        full = self.s3.buckets.get(physical_id) or self.ecr.repositories.get(physical_id)
        return "it is not empty" if full else ""

    def consent(self, removal: Removal) -> bool:
        self.asked.append(removal)
        return True

    def destroy(self, *, spare_data: bool = False) -> tuple[list[StackEvent], Removal]:
        return drained(destruction.destroy(self.tools, NAMES, self.consent, spare_data=spare_data))

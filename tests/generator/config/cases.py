"""For every leaf of service.yml a value other than its default, and what must stand beside it to matter.

The leaves are read from the models: one without a case here fails the tests that go through them.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from generator.config.environments import merge
from generator.config.leaves import leaves
from generator.config.settings import Settings

ACCOUNT, REGION = "123456789012", "eu-central-1"
MINIMUM: dict[str, Any] = {"environment": "dev", "serviceName": "air", "owner": "data"}
# Beyond templates, tags and parameters: the deployer checks these before it deploys.
CHECKED_ELSEWHERE = {
    "region": "a deploy to another region is refused",
    "account": "a deploy to another account is refused",
    "accept": "silences findings",
}


def arn(service: str, resource: str) -> str:
    return f"arn:aws:{service}:{REGION}:{ACCOUNT}:{resource}"


EXISTING = {
    "mode": "existing",
    "existing": {
        "vpcId": "vpc-0123456789abcdef0",
        "vpcCidr": "10.20.0.0/16",
        "taskSubnetIds": ["subnet-0123456789abcdef0", "subnet-0123456789abcdef1"],
        "loadBalancerSubnetIds": ["subnet-0123456789abcdef2", "subnet-0123456789abcdef3"],
        "databaseSubnetIds": ["subnet-0123456789abcdef4", "subnet-0123456789abcdef5"],
        "createEndpoints": True,
        "routeTableIds": ["rtb-0123456789abcdef0"],
    },
}
PUBLIC = {
    "1": {"cidrBlock": "10.0.0.0/24", "availabilityZone": "a"},
    "2": {"cidrBlock": "10.0.1.0/24", "availabilityZone": "b"},
}
PRIVATE = {
    "1": {"cidrBlock": "10.0.10.0/24", "availabilityZone": "a"},
    "2": {"cidrBlock": "10.0.11.0/24", "availabilityZone": "b"},
}
POLICIES = {"statements": [{"actions": ["s3:GetObject"], "resources": ["arn:aws:s3:::lake/*"]}]}
ZONE = {"hostedZoneId": "Z0123456789"}


@dataclass(frozen=True)
class Case:
    """A value for a leaf, and settings in which it matters."""

    value: Any
    beside: dict[str, Any] = field(default_factory=dict)
    path: tuple[str | int, ...] = ()

    def before(self) -> dict[str, Any]:
        """Settings without the value."""
        return merge(MINIMUM, self.beside)

    def after(self) -> dict[str, Any]:
        """The same settings with the value."""
        changed: dict[str, Any] = _put(self.before(), self.path, self.value)
        return changed


def _put(data: Any, path: tuple[str | int, ...], value: Any) -> Any:
    if not path:
        return value
    first, *rest = path
    if isinstance(data, list):
        assert isinstance(first, int)
        return [*data[:first], _put(data[first], tuple(rest), value), *data[first + 1 :]]
    return {**(data or {}), first: _put((data or {}).get(first), tuple(rest), value)}


def _existing(**more: Any) -> dict[str, Any]:
    return {"network": merge(EXISTING, {"existing": more})}


def _scaled(**measures: Any) -> dict[str, Any]:
    return {"minCapacity": 1, "maxCapacity": 4, "cpu": {"target": 50}, "memory": {"target": 50}, **measures}


def _task(beside: dict[str, Any], name: str) -> dict[str, Case]:
    """Cases of what every component has."""
    scaled = merge(beside, {"service": {name: {"autoscaling": _scaled()}}})
    if name == "workerGroups":
        scaled = merge(beside, {"service": {name: {"heavy": {"autoscaling": _scaled()}}}})
    measures = {
        f"autoscaling.{measure}.{key}": Case(value, scaled)
        for measure in ("cpu", "memory")
        for key, value in {"target": 70, "scaleInCooldown": 500, "scaleOutCooldown": 20}.items()
    }
    return {
        "cpu": Case(1024, merge(beside, _at(name, {"cpu": 512, "memory": 2048}))),
        "memory": Case(3072, merge(beside, _at(name, {"cpu": 512, "memory": 2048}))),
        "desiredCount": Case(2, beside),
        "autoscaling.minCapacity": Case(2, scaled),
        "autoscaling.maxCapacity": Case(8, scaled),
        **measures,
    }


def _at(name: str, values: dict[str, Any]) -> dict[str, Any]:
    return {"service": {name: {"heavy": values} if name == "workerGroups" else values}}


def _tasks() -> dict[str, Case]:
    group: dict[str, Any] = {"service": {"workerGroups": {"heavy": {}}}}
    flower = {"service": {"flower": {"enabled": True}}}
    found: dict[str, Case] = {}
    for name in ("webserver", "scheduler", "dagProcessor", "triggerer", "workers"):
        found |= {f"service.{name}.{key}": case for key, case in _task({}, name).items()}
    found |= {f"service.flower.{key}": case for key, case in _task(flower, "flower").items()}
    found |= {f"service.workerGroups.<name>.{key}": case for key, case in _task(group, "workerGroups").items()}
    ours = merge(group, {"service": {"workerGroups": {"heavy": {"taskPolicies": POLICIES}}}})
    policies = {
        "taskPolicies.managed": Case(["AmazonAthenaFullAccess"], ours),
        "taskPolicies.statements[].actions": Case(["s3:PutObject"], ours),
        "taskPolicies.statements[].resources": Case(["arn:aws:s3:::pond/*"], ours),
        "port": Case(8893, group),
        "concurrency": Case(2, group),
        "queue": Case("slow", group),
    }
    return found | {f"service.workerGroups.<name>.{key}": case for key, case in policies.items()}


CASES: dict[str, Case] = {
    **_tasks(),
    "environment": Case("stage"),
    "serviceName": Case("flow"),
    "owner": Case("others"),
    "tags": Case({"CostCentre": "4711"}),
    "retainData": Case(value=False),
    "whitelistedIPs": Case(["203.0.113.7/32"]),
    "network.mode": Case("private"),
    "network.natGateways": Case("perZone", {"network": {"mode": "private"}}),
    "network.endpointZones": Case("all", {"network": {"mode": "isolated"}}),
    "network.endpoints": Case(["athena"], {"network": {"mode": "isolated"}}),
    "network.flowLogs": Case(value=True),
    "network.egress[].cidrBlock": Case(
        "192.0.2.0/24", {"network": {"egress": [{"cidrBlock": "10.0.0.0/8", "port": 22}]}}
    ),
    "network.egress[].port": Case(21, {"network": {"egress": [{"cidrBlock": "10.0.0.0/8", "port": 22}]}}),
    "network.existing.vpcId": Case("vpc-0123456789abcdef9", _existing()),
    "network.existing.vpcCidr": Case("10.30.0.0/16", _existing()),
    "network.existing.taskSubnetIds": Case(["subnet-0123456789abcdef9"], _existing()),
    "network.existing.loadBalancerSubnetIds": Case(["subnet-01234567", "subnet-01234568"], _existing()),
    "network.existing.databaseSubnetIds": Case(["subnet-01234567", "subnet-01234568"], _existing()),
    "network.existing.assignPublicIp": Case(value=True, beside=_existing()),
    "network.existing.createEndpoints": Case(value=False, beside=_existing()),
    "network.existing.routeTableIds": Case(["rtb-0123456789abcdef9"], _existing()),
    "loadBalancer.scheme": Case("internal"),
    "loadBalancer.idleTimeout": Case(90),
    "loadBalancer.accessLogs": Case(value=True),
    "https.certificateArn": Case(arn("acm", "certificate/0123"), {"https": {"domainName": "air.example.com", **ZONE}}),
    "https.domainName": Case("wind.example.com", {"https": {"domainName": "air.example.com", **ZONE}}),
    "https.hostedZoneId": Case("Z9876543210", {"https": {"domainName": "air.example.com", **ZONE}}),
    "service.logGroupName": Case("components"),
    "service.cidrBlock": Case("10.0.0.0/17"),
    "service.baseUrl": Case("https://air.example.com"),
    "service.port": Case(8080),
    "service.architecture": Case("arm64"),
    "service.spot": Case("all"),
    "service.hours.start": Case("06:00", {"service": {"hours": {}}}),
    "service.hours.stop": Case("22:00", {"service": {"hours": {}}}),
    "service.hours.days": Case("MON-SAT", {"service": {"hours": {}}}),
    "service.hours.timezone": Case("Europe/Berlin", {"service": {"hours": {}}}),
    "service.webserver.port": Case(9080),
    "service.triggerer.port": Case(9794),
    "service.workers.port": Case(9793),
    "service.workers.concurrency": Case(8),
    "service.workers.queue": Case("main"),
    "service.flower.enabled": Case(value=True),
    "service.flower.port": Case(6555, {"service": {"flower": {"enabled": True}}}),
    "publicSubnet.<name>.cidrBlock": Case("10.0.4.0/24", {"publicSubnet": PUBLIC}),
    "publicSubnet.<name>.availabilityZone": Case("c", {"publicSubnet": PUBLIC}),
    "privateSubnet.<name>.cidrBlock": Case("10.0.14.0/24", {"network": {"mode": "isolated"}, "privateSubnet": PRIVATE}),
    "privateSubnet.<name>.availabilityZone": Case("c", {"network": {"mode": "isolated"}, "privateSubnet": PRIVATE}),
    "metadataDb.engine": Case("aurora-postgresql"),
    "metadataDb.engineVersion": Case("18"),
    "metadataDb.family": Case("postgres16"),
    "metadataDb.instanceType": Case("db.t4g.small"),
    "metadataDb.serverless.minCapacity": Case(1.0, {"metadataDb": {"engine": "aurora-postgresql"}}),
    "metadataDb.serverless.maxCapacity": Case(8.0, {"metadataDb": {"engine": "aurora-postgresql"}}),
    "metadataDb.port": Case(5433),
    "metadataDb.dbName": Case("metadata"),
    "metadataDb.allocatedStorage": Case(40),
    "metadataDb.maxAllocatedStorage": Case(200),
    "metadataDb.multiAz": Case(value=True),
    "metadataDb.backupRetention": Case(14),
    "metadataDb.snapshotIdentifier": Case("before"),
    "metadataDb.deletionProtection": Case(value=True),
    "metadataDb.enableIAMDatabaseAuthentication": Case(value=False),
    "metadataDb.parameters.maxConnections": Case(60),
    "celeryBackend.engine": Case("sqs"),
    "celeryBackend.engineVersion": Case("7.2"),
    "celeryBackend.autoMinorVersionUpgrade": Case(value=False),
    "celeryBackend.instanceType": Case("cache.t4g.small"),
    "celeryBackend.port": Case(6380),
    "celeryBackend.numNodes": Case(2),
    "celeryBackend.azMode": Case("cross-az", {"celeryBackend": {"numNodes": 2}}),
    "celeryBackend.visibilityTimeout": Case(3600, {"celeryBackend": {"engine": "sqs"}}),
    **{
        f"secrets.{name}": Case(
            arn("secretsmanager", f"secret:{name}-AbCdEf"), {"service": {"flower": {"enabled": True}}}
        )
        for name in ("database", "broker", "fernet", "jwt", "session", "admin", "flower")
    },
    "kms.customerKey": Case(value=True),
    "kms.keyArn": Case(arn("kms", "key/0123")),
    "image.base": Case("example.com/airflow:3.3.2-python3.12"),
    "image.packageIndex": Case("https://pypi.example.com/simple"),
    "image.debianMirror": Case("https://mirrors.example.com"),
    "image.refresh": Case("2026-11"),
    "ecr.imagesLifecycleCount": Case(50),
    "logging.target": Case("cloudwatch"),
    "logging.retention": Case(30),
    "cloudwatch.ecsLogGroup.retention": Case(7),
    "cloudwatch.containerInsights": Case(value=True),
    "alarms.email": Case("ops@example.com"),
    "alarms.queueAge": Case(600, {"alarms": {"email": "ops@example.com"}}),
    "alarms.freeStorage": Case(30, {"alarms": {"email": "ops@example.com"}}),
    "iam.permissionsBoundary": Case("boundary"),
    "iam.path": Case("/data/"),
    "airflow.version": Case("3.3.1"),
    "airflow.image": Case("example.com/airflow@sha256:0"),
    "airflow.adminUser": Case("root"),
    "airflow.adminEmail": Case("root@example.com"),
    "airflow.options": Case({"core": {"min_serialized_dag_update_interval": 5}}),
    "airflow.variables": Case({"STAGE": "blue"}),
    "airflow.secrets": Case({"LAKE": arn("secretsmanager", "secret:lake-AbCdEf")}),
    "airflow.secretsBackend": Case(value=False),
    "airflow.parallelism": Case(32),
    "airflow.taskQueuedTimeout": Case(3600),
    "airflow.taskPolicies.managed": Case(["AmazonAthenaFullAccess"]),
    "airflow.taskPolicies.statements[].actions": Case(["s3:PutObject"], {"airflow": {"taskPolicies": POLICIES}}),
    "airflow.taskPolicies.statements[].resources": Case(["arn:aws:s3:::x/*"], {"airflow": {"taskPolicies": POLICIES}}),
}
MADE_UP = {"workerGroups": "heavy", "publicSubnet": "2", "privateSubnet": "2"}


def every_leaf() -> list[str]:
    return [leaf.dotted for leaf in leaves(Settings)]


def case(dotted: str) -> Case:
    """The case of a leaf, with the path in which its value stands."""
    found = CASES[dotted]
    return Case(found.value, found.beside, tuple(_path(dotted)))


def _path(dotted: str) -> Iterator[str | int]:
    before = ""
    for part in dotted.replace("[]", ".[]").split("."):
        if part == "<name>":
            yield MADE_UP[before]
        else:
            yield 0 if part == "[]" else part
        before = part

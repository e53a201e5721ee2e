"""What people bring from single-file deployers: each key is honoured, or answered with one exact line."""

from pathlib import Path

import pytest

from generator.config.environments import load_with_findings
from generator.config.source import SettingsError

BROUGHT = """\
serviceName: etl
owner: analytics

service:
  logGroupName: etl/fargate
  cidrBlock: 10.40.0.0
  baseUrl: http://localhost:9090
  port: 80
  flower:
    port: 5555
    cpu: 256
    memory: 512
    desiredCount: 1
  scheduler:
    port: 8793
    cpu: 1024
    memory: 2048
    desiredCount: 2
    autoscaling:
      minCapacity: 1
      maxCapacity: 2
      cpu: {target: 65, scaleInCooldown: 200, scaleOutCooldown: 50}
      memory: {target: 85, scaleInCooldown: 200, scaleOutCooldown: 50}
  webserver: {port: 8080, cpu: 1024, memory: 2048}
  workers:
    port: 8793
    cpu: 1024
    memory: 4096
    desiredCount: 2
    autoscaling: {minCapacity: 2, maxCapacity: 6, cpu: {target: 60}}

publicSubnet:
  1: {cidrBlock: 10.40.1.0, availabilityZone: a}
  2: {cidrBlock: 10.40.2.0/24, availabilityZone: eu-west-1b}
  3: {cidrBlock: 10.40.3.0/24, availabilityZone: c}

whitelistedIPs: [203.0.113.0/24]
securityGroupEgressRules: [{CidrIp: 0.0.0.0/0}]

metadataDb:
  instanceType: db.t3.small
  port: 5432
  dbName: etl
  engine: postgres
  engineVersion: 11.7
  family: postgres11
  deletionProtection: true
  enableIAMDatabaseAuthentication: true
  allocatedStorage: 30
  parameters: {maxConnections: 120}

celeryBackend:
  port: 6379
  azMode: single-az
  engine: redis
  engineVersion: 4.0.10
  autoMinorVersionUpgrade: false
  instanceType: cache.t3.small
  numNodes: 1

ecr: {imagesLifecycleCount: 7}
cloudwatch: {ecsLogGroup: {retention: 14}}
environments: {dev: }
"""
ANSWERED = {
    "service.scheduler.port": "nothing listens there any more: the scheduler is reached by nobody; remove this line",
    "publicSubnet.1.cidrBlock": "'10.40.1.0' has no mask; write cidrBlock: 10.40.1.0/24",
    "publicSubnet.2.availabilityZone": "the region is added by itself; write the letter: availabilityZone: b",
    "securityGroupEgressRules": "who may open the web interface is whitelistedIPs; what tasks may connect to is"
    " network.egress",
    "metadataDb.engineVersion": "11.7 is a number to YAML, and PostgreSQL 11 can no longer be created; write"
    " engineVersion: '17'",
    "metadataDb.family": "postgres11 is the family of a PostgreSQL that can no longer be created; remove it: the one"
    " that fits is used",
    "celeryBackend.engineVersion": "Redis 4 can no longer be created; write engineVersion: '7.1' with engine: redis, or"
    " neither",
}
MENDED = (
    ("    port: 8793\n    cpu: 1024\n    memory: 2048\n", "    cpu: 1024\n    memory: 2048\n"),
    ("10.40.1.0,", "10.40.1.0/24,"),
    ("eu-west-1b", "b"),
    ("securityGroupEgressRules: [{CidrIp: 0.0.0.0/0}]\n", ""),
    ("engineVersion: 11.7", "engineVersion: '17'"),
    ("  family: postgres11\n", ""),
    ("4.0.10", "'7.1'"),
)


def problems(tmp_path: Path, text: str) -> dict[str, str]:
    file = tmp_path / "service.yml"
    file.write_text(text)
    with pytest.raises(SettingsError) as caught:
        load_with_findings(file, "dev")
    return {problem.path: problem.what for problem in caught.value.problems}


def test_what_became_of_a_key_is_said_in_one_line_each(tmp_path: Path) -> None:
    assert problems(tmp_path, BROUGHT) == ANSWERED


def test_all_else_is_honoured_as_it_is(tmp_path: Path) -> None:
    text = BROUGHT
    for brought, mended in MENDED:
        assert brought in text
        text = text.replace(brought, mended)
    file = tmp_path / "service.yml"
    file.write_text(text)
    settings, findings = load_with_findings(file, "dev")
    service, database, broker = settings.service, settings.metadata_db, settings.celery_backend
    assert (service.cidr_block, service.log_group_name, settings.front_port) == ("10.40.0.0/16", "etl/fargate", 80)
    assert (service.scheduler.first, service.scheduler.fewest, service.scheduler.most) == (2, 1, 2)
    assert service.scheduler.autoscaling
    assert service.scheduler.autoscaling.memory
    assert service.scheduler.autoscaling.memory.scale_in_cooldown == 200
    assert [subnet.availability_zone for subnet in settings.public_subnet.values()] == ["a", "b", "c"]
    assert (database.parameter_family, database.parameters.max_connections) == ("postgres17", 120)
    assert (database.db_name, database.allocated_storage, database.deletion_protection) == ("etl", 30, True)
    assert database.enable_iam_database_authentication
    assert (broker.engine, broker.version, broker.num_nodes, broker.az_mode) == ("redis", "7.1", 1, "single-az")
    assert not broker.auto_minor_version_upgrade
    assert (settings.ecr.images_lifecycle_count, settings.cloudwatch.ecs_log_group.retention) == (7, 14)
    said = {str(one).partition(": ")[2] for one in findings}
    off = "note: service.flower: has no effect until service.flower.enabled is true: Flower runs only on request"
    assert f"{off} [without-effect]" in said
    assert {one.name for one in findings} == {"without-effect", "no-https", "base-url-differs", "scale-in-ends-tasks"}


@pytest.mark.parametrize(
    ("text", "path", "expected"),
    [
        ("metadataDb: {engineVersion: 12}", "metadataDb.engineVersion", "PostgreSQL 12 can no longer be created"),
        ("metadataDb: {engineVersion: '9.6'}", "metadataDb.engineVersion", "PostgreSQL 9 can no longer be created"),
        (
            "celeryBackend: {engineVersion: 5.0}",
            "celeryBackend.engineVersion",
            "5.0 is a number to YAML, and Redis 5 can",
        ),
        (
            "celeryBackend: {engineVersion: 6.x}",
            "celeryBackend.engineVersion",
            "6.x is no version any more; write engineV",
        ),
        ("celeryBackend: {engine: memcached}", "celeryBackend.engine", "Celery cannot use memcached as its broker"),
        ("service: {apiServer: {}}", "service.apiServer", "Airflow 3's API server goes by its old name here"),
        ("service: {dagProcessor: {port: 1}}", "service.dagProcessor.port", "nothing listens there"),
        (
            "securityGroupIngressRules: []",
            "securityGroupIngressRules",
            "who may open the web interface is whitelistedIPs",
        ),
        (
            "privateSubnet: {1: {availabilityZone: eu-west-1c}}",
            "privateSubnet.1.availabilityZone",
            "the region is added",
        ),
    ],
)
def test_other_shapes_of_the_same_are_answered_too(tmp_path: Path, text: str, path: str, expected: str) -> None:
    found = problems(tmp_path, f"serviceName: etl\nowner: analytics\n{text}\nenvironments: {{dev: }}\n")
    assert found[path].startswith(expected)

"""What becomes of Fernet keys when an environment is removed."""

from __future__ import annotations

import pytest
from botocore.exceptions import ClientError

from deployer.deploying import deployed, fernet
from deployer.deploying.deployed import LastDeploy
from deployer.destroying import removals
from deployer.errors import DeployError
from tests.deployer.deploying.test_fernet import KEY, OTHER
from tests.deployer.scripted_cloudformation import Graph, Resource, nested
from tests.deployer.scripted_removal import FOUNDATION, FOUNDATION_GRAPH, KEPT, NAMES, ROOT, TEMPLATES, Scene
from tests.deployer.scripted_snapshots import TAGS

SUBNET = nested("Network", Resource("Subnet", "AWS::EC2::Subnet"))


def database(policy: str) -> Resource:
    return nested("Database", Resource("MetadataDatabase", "AWS::RDS::DBInstance", policy=policy))


def live(scene: Scene, arn: str = "", *root: Resource) -> str:
    """Deploy with a key that is brought, or with one of before by its ARN."""
    scene.cloud.put(FOUNDATION, "CREATE_COMPLETE", FOUNDATION_GRAPH)
    given = arn or fernet.bring(scene.tools, NAMES, None, fernet.Offer(KEY)).parameters["FernetSecretArn"]
    scene.cloud.put(ROOT, "CREATE_COMPLETE", Graph(root)).values = {"FernetSecretArn": given}
    return given


def test_a_key_that_was_brought_stays_where_a_snapshot_stays() -> None:
    scene = Scene().stand()
    arn = scene.secrets.put("airflow-dev-fernet-12345678", "k", **{"airflow-on-aws:fernet-key-of": ROOT})
    scene.cloud._get(ROOT).values["FernetSecretArn"] = arn

    _, removal = scene.destroy()

    assert [each.physical_id for each in removal.stays] == [KEPT, arn]
    assert removal.fernet == arn
    assert removal.key == "arn:key"
    assert scene.secrets.alive


def test_a_key_that_was_brought_goes_with_a_database_that_is_thrown_away() -> None:
    scene = Scene()
    live(scene, "", database("Delete"))

    _, removal = scene.destroy()

    assert "airflow-dev/FernetKeyBrought" in [each.path for each in removal.goes]
    assert not scene.secrets.alive


def test_a_removal_that_stops_before_the_foundation_leaves_the_key_to_the_snapshot() -> None:
    scene = Scene()
    live(scene, "", database("Snapshot"))
    deployed.write(scene.aws, TEMPLATES, LastDeploy("hash", {}, "2026-01-01T00:00:00Z", "arn:somebody"))
    scene.refuse_to_delete(FOUNDATION, "ExpiredToken")
    with pytest.raises(ClientError, match="ExpiredToken"):
        scene.destroy()
    assert scene.cloud.status(FOUNDATION) == "CREATE_COMPLETE"

    with pytest.raises(DeployError, match="another key than airflow-dev has"):
        fernet.bring(scene.tools, NAMES, None, fernet.Offer(OTHER))
    fernet.bring(scene.tools, NAMES, None, fernet.Offer()).withdraw()

    assert [each.value for each in scene.secrets.alive.values()] == [KEY]
    assert deployed.read(scene.aws, TEMPLATES) is not None


@pytest.mark.parametrize("doubt", ["no database was seen", "somebody took a snapshot", "snapshots may not be listed"])
def test_in_doubt_it_stays(doubt: str) -> None:
    scene = Scene()
    live(scene, "", *([] if doubt.startswith("no") else [database("Delete")]))
    scene.rds.denied = doubt.startswith("snapshots")
    if doubt.startswith("somebody"):
        scene.rds.instance("by-hand", "airflow-dev-database-metadatadatabase", 1)

    _, removal = scene.destroy()

    assert "airflow-dev/FernetKeyBrought" in [each.path for each in removal.stays]
    assert scene.secrets.alive


def test_a_trial_of_a_snapshot_leaves_the_snapshots_key() -> None:
    scene = Scene()
    arn = live(scene, "", database("Snapshot"))
    scene.destroy()
    scene.s3.buckets["airflow-dev-foundation-templates"] = []
    live(scene, arn, database("Delete"))

    _, removal = scene.destroy()

    assert arn in [each.physical_id for each in removal.stays]
    assert scene.secrets.alive


def test_the_key_of_a_database_that_went_in_an_earlier_run_stays() -> None:
    scene = Scene()
    live(scene, "", database("Snapshot"), SUBNET)
    scene.cloud.names = {"Subnet": "subnet-1"}
    scene.cloud.blocked = lambda each: "held" if each == "subnet-1" else ""
    with pytest.raises(DeployError, match="held"):
        scene.destroy()
    scene.cloud.blocked = lambda _: ""

    scene.destroy()

    assert scene.secrets.alive


def test_a_key_of_somebody_else_is_left_alone() -> None:
    scene = Scene()
    arn = live(scene, scene.secrets.put("shared", "k"), database("Delete"))
    scene.secrets.closed = True

    _, removal = scene.destroy()

    assert arn not in [each.physical_id for each in removal.resources]
    assert removal.fernet == arn
    assert scene.secrets.alive


def test_the_stacks_own_fernet_key_is_told() -> None:
    scene = Scene()
    secrets = nested("Secrets", Resource("FernetSecret", "AWS::SecretsManager::Secret", policy="Retain"))
    scene.cloud.names = {"FernetSecret": "arn:of-fernet"}
    scene.cloud.put(ROOT, "CREATE_COMPLETE", Graph((secrets,)))

    assert removals.survey(scene.aws, NAMES).fernet == "arn:of-fernet"


def test_snapshots_of_before_and_what_ecs_logs_are_listed_as_staying() -> None:
    scene = Scene()
    group = "/aws/ecs/containerinsights/airflow-dev-Cluster-1/performance"
    graph = Graph((database("Delete"),), outputs={"ClusterName": "airflow-dev-Cluster-1"})
    scene.cloud.put(ROOT, "CREATE_COMPLETE", graph)
    scene.rds.instance("of-an-earlier-life", "db-0", 1, **TAGS, Owner="data")
    scene.rds.instance("of-another", "db-9", 1, Service="airflow", Environment="prod")

    assert [each.physical_id for each in removals.survey(scene.aws, NAMES).stays] == ["of-an-earlier-life"]
    scene.logs.groups.add(group)
    assert [each.physical_id for each in removals.survey(scene.aws, NAMES).stays] == ["of-an-earlier-life", group]

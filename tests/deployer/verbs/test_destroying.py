"""destroy: what is asked, what is refused, and how to begin again with what was kept."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest
import yaml

from deployer.cloudformation.inventory import Resource
from deployer.cloudformation.snapshots import Snapshot
from deployer.cloudformation.stacks import Stack
from deployer.cloudformation.template_text import Fate
from deployer.consent import Question
from deployer.console.removal import data_that_goes, removal, restoring
from deployer.deletions.emptying import Content
from deployer.destroying.removals import Removal
from deployer.errors import Declined
from deployer.verbs.destroying import agreed, way_back
from generator.config import source
from generator.config.environments import judged, overlay
from generator.config.settings import Settings
from generator.render import render
from tests.deployer.scripted_clients import scripted
from tests.deployer.scripted_snapshots import TAGS, Rds

FERNET = "arn:aws:secretsmanager:eu-west-1:123456789012:secret:FernetSecret-AbCdEf"
KEY = "arn:aws:kms:eu-west-1:123456789012:key/1234abcd-12ab-34cd-56ef-1234567890ab"
SERVICE = "serviceName: airflow\nowner: data\nwhitelistedIPs: [192.0.2.7/32]\nenvironments: {dev: {}}\n"
LOGS = Resource("airflow-dev/Storage", "Logs", "logs-1", "AWS::S3::Bucket", Fate.GOES)
TEMPLATES = Resource("airflow-dev-foundation", "TemplatesBucket", "templates-1", "AWS::S3::Bucket", Fate.GOES)
DATABASE = Resource("airflow-dev/Database", "MetadataDatabase", "db-1", "AWS::RDS::DBInstance", Fate.SNAPSHOT)
SECRET = Resource("airflow-dev/Secrets", "FernetSecret", FERNET, "AWS::SecretsManager::Secret", Fate.STAYS)
IMAGES = Resource("airflow-dev-foundation", "ImageRepository", "images", "AWS::ECR::Repository", Fate.STAYS)
FULL = Content(LOGS, 1000, more=True, noun="object version")
RECORDS = Content(TEMPLATES, 31, more=False, noun="object version", records=True)
KEPT = Content(IMAGES, 2, more=False, noun="image")


def stack(name: str) -> Stack:
    return Stack(f"arn:{name}", name, "CREATE_COMPLETE", "", {}, {}, protected=False)


def planned(*contents: Content, root: bool = True) -> Removal:
    names = ["airflow-dev", "airflow-dev-foundation"][0 if root else 1 :]
    resources = (LOGS, DATABASE, SECRET, TEMPLATES, IMAGES) if root else (TEMPLATES, IMAGES)
    return Removal(tuple(map(stack, names)), resources, contents, FERNET if root else "", KEY)


def settings(text: str = SERVICE) -> Settings:
    return judged(overlay(source.parse(text, "service.yml"), "dev"))[0]


def test_all_that_goes_and_stays_is_shown_with_what_is_inside() -> None:
    assert removal(planned(FULL, RECORDS, KEPT)).splitlines() == [
        "To remove: airflow-dev, airflow-dev-foundation",
        "-  airflow-dev/Storage/Logs                AWS::S3::Bucket       logs-1       with more than 1000 object"
        " versions in it",
        "-  airflow-dev/Database/MetadataDatabase   AWS::RDS::DBInstance  db-1         leaves a snapshot",
        "-  airflow-dev-foundation/TemplatesBucket  AWS::S3::Bucket       templates-1  with 31 object versions in it:"
        " templates and records of deploys",
        "What stays:",
        f"=  airflow-dev/Secrets/FernetSecret        AWS::SecretsManager::Secret  {FERNET}",
        f"=  airflow-dev-foundation/ImageRepository  AWS::ECR::Repository         {'images'.ljust(len(FERNET))}"
        "  with 2 images in it",
        "3 to remove, 2 to stay",
    ]


def going(resource: Resource, **changed: Any) -> Resource:
    return replace(resource, fate=Fate.GOES, **changed)


CLUSTER = going(DATABASE, logical_id="MetadataCluster", type="AWS::RDS::DBCluster")
NETWORK = Resource("airflow-dev/Network", "Vpc", "vpc-1", "AWS::EC2::VPC", Fate.GOES)
WORDS = Resource("airflow-dev/Storage", "ComponentLogs", "/airflow-dev/airflow", "AWS::Logs::LogGroup", Fate.GOES)
BARE = "!!  the database, WITHOUT a snapshot (retainData was false at the last deploy): airflow-dev/Database/"


def of(*resources: Resource, contents: tuple[Content, ...] = ()) -> Removal:
    return Removal((stack("airflow-dev"),), resources, contents)


def test_what_holds_no_data_is_known_by_its_path() -> None:
    assert removal(of(NETWORK, LOGS)).splitlines()[1:3] == [
        "-  airflow-dev/Network/Vpc   AWS::EC2::VPC",
        "-  airflow-dev/Storage/Logs  AWS::S3::Bucket  logs-1",
    ]


def test_which_data_goes_is_told_in_plain_words() -> None:
    doomed = of(NETWORK, LOGS, WORDS, going(DATABASE), going(SECRET), TEMPLATES, contents=(FULL, RECORDS))
    assert data_that_goes(doomed, retains=False) == [
        "Data that goes:",
        f"{BARE}MetadataDatabase",
        "!!  secrets: airflow-dev/Secrets/FernetSecret",
        "!!  logs: airflow-dev/Storage/ComponentLogs",
        "!!  more than 1000 object versions in airflow-dev/Storage/Logs",
    ]
    assert data_that_goes(of(NETWORK, LOGS, TEMPLATES, contents=(RECORDS,)), retains=False) == []
    assert data_that_goes(of(going(DATABASE, gone=True)), retains=True) == []


@pytest.mark.parametrize("fate", [Fate.GOES, Fate.SNAPSHOT])
def test_a_clusters_data_is_not_that_of_its_instances(fate: Fate) -> None:
    told = data_that_goes(of(replace(CLUSTER, fate=fate), going(DATABASE)), retains=fate is Fate.SNAPSHOT)
    assert told == ([] if fate is Fate.SNAPSHOT else ["Data that goes:", f"{BARE}MetadataCluster"])


def test_settings_that_were_not_deployed_are_said_to_count_for_nothing() -> None:
    assert data_that_goes(of(going(DATABASE)), retains=True)[-1] == (
        "!!  service.yml says retainData: true by now; what was deployed decides: to keep a snapshot, deploy first"
    )
    assert data_that_goes(of(DATABASE), retains=False) == [
        "service.yml says retainData: false by now; what was deployed decides: a snapshot of the database stays"
    ]


def test_the_environments_name_is_to_be_typed() -> None:
    asked = list[Question]()

    def ask(question: Question) -> bool:
        asked.append(question)
        return True

    assert agreed(planned(FULL), ask, settings())
    assert (asked[0].word, asked[0].option) == ("dev", "--yes")
    assert "airflow-dev/Storage/Logs" in asked[0].shown
    assert asked[0].shown.endswith("!!  more than 1000 object versions in airflow-dev/Storage/Logs")


def test_yes_alone_deletes_no_data() -> None:
    with pytest.raises(Declined, match=r"airflow-dev/Storage/Logs \(more than 1000 object versions\); .*--empty-"):
        agreed(planned(FULL, RECORDS), lambda _: True, settings(), {"--empty-buckets"})


def test_what_the_deployer_keeps_and_what_stays_needs_no_more_than_yes() -> None:
    assert agreed(planned(RECORDS, KEPT), lambda _: True, settings(), {"--empty-buckets", "--lose-snapshots"})


NEEDS = ("airflow-dev/Secrets/FernetSecret", "airflow-dev-foundation/EncryptionKey")
TAKEN = Resource("airflow-dev", "Snapshot", "by-hand", "AWS::RDS::DBSnapshot", Fate.STAYS, needs=NEEDS)
OLDER = replace(TAKEN, physical_id="older", needs=())


def with_snapshots(*contents: Content) -> Removal:
    return Removal((stack("airflow-dev"),), (LOGS, replace(DATABASE, fate=Fate.GOES), TAKEN, OLDER), contents)


def test_what_a_snapshot_needs_and_goes_is_shown_and_how_to_keep_it() -> None:
    assert removal(with_snapshots()).splitlines()[3:] == [
        "What stays:",
        "=  airflow-dev/Snapshot  AWS::RDS::DBSnapshot  by-hand  needs airflow-dev/Secrets/FernetSecret and"
        " airflow-dev-foundation/EncryptionKey, which go",
        "=  airflow-dev/Snapshot  AWS::RDS::DBSnapshot  older",
        "To keep what snapshots need, set retainData to true and deploy first.",
        "2 to remove, 2 to stay",
    ]


def test_what_snapshots_need_takes_more_than_yes_and_consent_to_data() -> None:
    with pytest.raises(Declined) as raised:
        agreed(with_snapshots(), lambda _: True, settings(), {"--lose-snapshots"})
    assert str(raised.value) == (
        f"snapshots would lose what they need: by-hand (needs {NEEDS[0]} and {NEEDS[1]}); to keep what snapshots need,"
        ' set retainData to true and deploy first; or approve that beforehand, too, with ARGS="--yes --lose-snapshots"'
    )
    with pytest.raises(Declined, match=r"would be deleted: .*would lose .*--yes --empty-buckets --lose-snapshots"):
        agreed(with_snapshots(FULL), lambda _: True, settings(), {"--empty-buckets", "--lose-snapshots"})
    assert agreed(with_snapshots(FULL), lambda _: True, settings())
    assert agreed(planned(), lambda _: True, settings(), {"--lose-snapshots"})


def test_snapshots_of_before_are_told_in_the_end() -> None:
    assert way_back(settings(), scripted({}), with_snapshots()) == (
        "no snapshot of the database was taken: retainData was false; still there: by-hand (needs"
        f" {NEEDS[0]} and {NEEDS[1]}, gone by now), older"
    )


def test_the_way_back_is_told() -> None:
    rds = Rds()
    rds.instance("airflow-dev-snapshot-1", "db-1", 2)

    assert way_back(settings(), scripted({"rds": rds}), planned()).splitlines() == [
        "The database is in the snapshot airflow-dev-snapshot-1 of 2026-01-02 00:00 UTC.",
        "To begin with it again, write in service.yml, deploy, and leave it there:",
        "environments:",
        "  dev:",
        "    metadataDb: {snapshotIdentifier: 'airflow-dev-snapshot-1', allocatedStorage: 30}",
        f"    secrets: {{fernet: '{FERNET}'}}",
        f"    kms: {{customerKey: false, keyArn: '{KEY}'}}",
    ]


@pytest.mark.parametrize(
    ("gib", "most", "told"), [(90, 100, ""), (95, 100, "105"), (95, "null", ""), (300, 1000, ""), (0, 100, "")]
)
def test_storage_that_has_grown_keeps_room_to_grow(gib: int, most: int | str, told: str) -> None:
    rds = Rds()
    rds.instance("airflow-dev-snapshot-1", "db-1", 2)
    rds.instances[0]["AllocatedStorage"] = gib
    text = SERVICE.replace("environments:", f"metadataDb: {{maxAllocatedStorage: {most}}}\nenvironments:")

    lines = way_back(settings(text), scripted({"rds": rds}), planned())

    assert (f", maxAllocatedStorage: {told}}}" in lines) is bool(told)
    written = text.replace("environments: {dev: {}}\n", lines[lines.index("environments:") :])
    restored = settings(written)
    assert restored.metadata_db.snapshot_identifier == "airflow-dev-snapshot-1"


def test_after_an_interruption_the_way_back_is_told_too() -> None:
    rds = Rds()
    rds.instance("airflow-dev-snapshot-1", "db-1", 2, **TAGS, Owner="data")

    assert "airflow-dev-snapshot-1" in way_back(settings(), scripted({"rds": rds}), planned(root=False))
    assert way_back(settings(), scripted({"rds": Rds()}), planned(root=False)) == ""


def test_nothing_kept_is_nothing_told() -> None:
    thrown_away = Removal((stack("airflow-dev"),), (LOGS,))
    assert way_back(settings(), scripted({}), thrown_away) == way_back(settings(), scripted({}), Removal(())) == ""


def test_no_snapshot_is_said_and_so_is_that_nobody_may_look() -> None:
    rds = Rds()
    aws = scripted({"rds": rds})
    assert way_back(settings(), aws, planned()) == "no snapshot of the database was found"
    rds.denied = True
    assert "AWS does not allow DescribeDBSnapshots" in way_back(settings(), aws, planned())


def _instance(templates: dict[str, Any]) -> dict[str, Any]:
    found: dict[str, Any] = templates["MetadataDatabase"]["Properties"]
    assert found["DBSnapshotIdentifier"] == "airflow-dev-snapshot-1"
    assert found["AllocatedStorage"] == "30"
    return found


def _cluster(templates: dict[str, Any]) -> dict[str, Any]:
    found: dict[str, Any] = templates["MetadataCluster"]["Properties"]
    assert found["SnapshotIdentifier"] == "airflow-dev-snapshot-1"
    return found


@pytest.mark.parametrize("key", [KEY, ""])
@pytest.mark.parametrize(
    ("engine", "gib", "database"), [("postgres", 30, _instance), ("aurora-postgresql", 0, _cluster)]
)
def test_what_is_told_to_write_restores_the_database(
    engine: str, gib: int, database: Callable[[dict[str, Any]], dict[str, Any]], key: str
) -> None:
    told = restoring(
        Snapshot("airflow-dev-snapshot-1", "db-1", datetime(2026, 1, 2, tzinfo=UTC), gib), "dev", FERNET, key
    )
    written = told[told.index("environments:") :]
    customer = f"kms: {{customerKey: {str(bool(key)).lower()}}}\n"
    before = SERVICE.replace("environments: {dev: {}}\n", f"metadataDb: {{engine: {engine}}}\n{customer}")
    restored, findings = judged(overlay(source.parse(before + written, "service.yml"), "dev"))

    assert restored.secrets.fernet == FERNET
    assert not [each for each in findings if each.path == "metadataDb.snapshotIdentifier"]
    assert restored.kms.key_arn == key
    properties = database(yaml.safe_load(render(restored)["database.yml"])["Resources"])
    assert {"MasterUsername", "DBName", "DatabaseName"}.isdisjoint(properties)
    assert properties["MasterUserPassword"]

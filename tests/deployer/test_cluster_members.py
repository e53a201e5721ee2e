"""An instance of a database's cluster holds nothing: it comes and goes, and nobody has to type its name."""

from __future__ import annotations

from dataclasses import replace

import pytest

from deployer.plans.compare import compare
from deployer.plans.risks import risks
from generator.render import render
from tests.deployer.cloudformation.test_protection import planned
from tests.deployer.scripted_cloudformation import Resource, detail
from tests.deployer.verbs.test_destroying import SERVICE, settings

CLUSTER = Resource("MetadataCluster", "AWS::RDS::DBCluster", policy="Snapshot")
STANDBY = Resource("DatabaseStandby", "AWS::RDS::DBInstance", policy="Delete", cluster="cluster-1")
ALONE = replace(STANDBY, id="MetadataDatabase", cluster="")
REPLACED = (detail("AvailabilityZone", "Always"),)


@pytest.mark.parametrize("after", [(CLUSTER,), (CLUSTER, replace(STANDBY, version=2, details=REPLACED))])
def test_a_standby_can_go_and_be_replaced(after: tuple[Resource, ...]) -> None:
    _, change_set = planned(STANDBY, *after, Resource("Queue"))
    assert "Database/DatabaseStandby" in {each.name for each in change_set.changes}
    assert risks(change_set.changes) == ()


def test_an_instance_that_makes_way_for_a_cluster_holds_data() -> None:
    _, change_set = planned(ALONE, CLUSTER, replace(STANDBY, id="DatabaseInstance"), Resource("Queue"))
    assert [risk.name for risk in risks(change_set.changes)] == ["Database/MetadataDatabase"]


def rendered(database: str) -> dict[str, str]:
    return dict(render(settings(SERVICE.replace("environments:", f"metadataDb: {{{database}}}\nenvironments:"))))


def lost(before: str, after: str) -> list[str]:
    changes = compare(rendered(before), rendered(after), "root.yml", "airflow-dev")
    return [risk.name for risk in risks(changes) if risk.name.startswith("Database/")]


def test_offline_too() -> None:
    aurora = "engine: aurora-postgresql"
    assert lost(f"{aurora}, multiAz: true", f"{aurora}, multiAz: false") == []
    assert lost("engine: postgres", aurora) == ["Database/MetadataDatabase"]
    assert lost(aurora, "engine: postgres") == ["Database/MetadataCluster"]

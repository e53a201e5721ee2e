"""A database that is protected against deletion is not promised to leave a snapshot, and is not let go."""

from __future__ import annotations

from dataclasses import replace

import pytest

from deployer.cloudformation.change_sets import ChangeSet
from deployer.cloudformation.changes import Change, Replacement
from deployer.plans.compare import compare
from deployer.plans.risks import refused, risks
from tests.deployer.scenes import Scene
from tests.deployer.scripted_cloudformation import Graph, Resource, detail, nested

DATABASE = Resource("MetadataDatabase", "AWS::RDS::DBInstance", policy="Snapshot", protected=True)
OTHER = Resource("Queue", version=2)
STAYS = "it is protected against deletion, and so stays without a snapshot, in no stack any more"


def planned(before: Resource, *after: Resource) -> tuple[Scene, ChangeSet]:
    scene = Scene()
    scene.cloud.put("app", "CREATE_COMPLETE", Graph((nested("Database", before, Resource("Queue")), Resource("Queue"))))
    scene.agrees = False
    body = Graph((*((nested("Database", *after),) if after else ()), OTHER))
    with pytest.raises(Exception, match="not approved"):
        scene.deploy_stack(body)
    return scene, scene.asked[0]


@pytest.mark.parametrize(
    ("after", "what"),
    [
        ((OTHER,), "is removed"),
        ((), "is removed"),  # with the nested stack that it is in
        ((replace(DATABASE, version=2, details=(detail("DBName", "Always"),)),), "is replaced by an empty one"),
        # Lifted in the same deploy it protects the old one still.
        ((replace(DATABASE, protected=False, details=(detail("DBName", "Always"),)),), "is replaced by an empty one"),
    ],
)
def test_what_is_deployed_says_whether_it_is_protected(after: tuple[Resource, ...], what: str) -> None:
    _, change_set = planned(DATABASE, *after)

    (risk,) = refused(change_set.changes)
    assert (risk.name, risk.what, risk.fate) == ("Database/MetadataDatabase", what, STAYS)
    assert risk in risks(change_set.changes)


@pytest.mark.parametrize("after", [(OTHER,), ()])
@pytest.mark.parametrize(
    ("deployed", "fate"),
    [
        (replace(DATABASE, protected=False), "a snapshot of it is taken first"),
        (replace(DATABASE, policy="Retain"), "what it holds stays behind, outside of the stack"),
    ],
)
def test_one_that_can_go_or_is_meant_to_stay_is_asked_for_as_ever(
    deployed: Resource, fate: str, after: tuple[Resource, ...]
) -> None:
    _, change_set = planned(deployed, *after)

    assert refused(change_set.changes) == ()
    assert [each.fate for each in risks(change_set.changes) if each.name.endswith("Database")] == [fate]


def test_where_none_goes_no_template_is_read() -> None:
    scene, change_set = planned(DATABASE, replace(DATABASE, version=2), OTHER)

    assert risks(change_set.changes) == ()
    assert "GetTemplate" not in scene.cloud.calls[scene.cloud.calls.index("CreateChangeSet") :]


def test_what_may_come_to_be_replaced_is_not_refused_but_told() -> None:
    may = Change("app", "Db", "db", "AWS::RDS::DBInstance", "Modify", Replacement.YES, blind=True, protected=True)

    assert refused([may]) == ()
    assert [risk.fate for risk in risks([may])] == [STAYS]


def test_offline_it_is_told_as_well() -> None:
    before, after = ({"root.yml": Graph(found).text()} for found in ((DATABASE, OTHER), (OTHER,)))

    (risk,) = risks(compare(before, after, "root.yml", "app"))
    assert risk.fate == STAYS
    replaced, other = ({"root.yml": before["root.yml"].replace("true", f'true, "DBName": "{name}"')} for name in "ab")
    (risk,) = risks(compare(replaced, other, "root.yml", "app"))
    assert (risk.what, risk.fate) == ("is replaced by an empty one", STAYS)
    (risk,) = risks(compare({"root.yml": before["root.yml"].replace("Snapshot", "Retain")}, after, "root.yml", "app"))
    assert risk.fate != STAYS

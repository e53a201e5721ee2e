from __future__ import annotations

from dataclasses import replace

import pytest

from deployer.cloudformation import change_sets, stacks
from deployer.cloudformation.change_sets import ChangeSet, StackRequest, Template
from deployer.plans import drift
from deployer.plans.drift import Difference, Drift, Found
from tests.deployer.scenes import Scene
from tests.deployer.scripted_clients import RefusedError
from tests.deployer.scripted_cloudformation import Graph, Resource, detail, nested

OLD = Graph((nested("Data", Resource("Db", "AWS::RDS::DBInstance"), Resource("Same")), Resource("Queue")))


def newer(graph: Graph) -> Graph:
    """Another version of everything, but for what is called Same."""

    def one(each: Resource) -> Resource:
        child = newer(each.child) if each.child else None
        return each if each.id == "Same" else replace(each, version=each.version + 1, child=child)

    return replace(graph, resources=tuple(one(each) for each in graph.resources))


def planned(scene: Scene, graph: Graph) -> ChangeSet:
    scene.cloud.templates["body"] = graph
    request = StackRequest("app", Template(body="body"))
    made = change_sets.propose(scene.aws, request, stacks.find(scene.aws, "app"), scene.tools.clock)
    assert made is not None
    return made


def found(scene: Scene, graph: Graph) -> list[Drift]:
    return list(drift.found(scene.tools, planned(scene, graph)).drifts)


def test_what_was_changed_by_hand_in_what_is_about_to_change_is_found_in_nested_stacks_too() -> None:
    scene = Scene()
    scene.cloud.put("app", "CREATE_COMPLETE", OLD)
    scene.cloud.drifted = {"Db": {"/AllocatedStorage": ("20", "100")}, "Queue": None, "Same": {"/A": ("1", "2")}}

    drifts = found(scene, newer(OLD))

    assert drifts == [
        Drift("app/Data/Db", "AWS::RDS::DBInstance", (Difference("/AllocatedStorage", "20", "100"),)),
        Drift("app/Queue", "AWS::SQS::Queue", removed=True),
    ]
    assert Found(tuple(drifts)).lines() == (
        "What was changed by hand may be overwritten:",
        "  app/Data/Db (AWS::RDS::DBInstance) was changed by hand: /AllocatedStorage is 100 (template: 20)",
        "  app/Queue (AWS::SQS::Queue) was removed by hand",
    )
    assert Found(()).lines() == ()


def test_of_what_is_new_or_goes_nothing_is_asked() -> None:
    scene = Scene()
    assert found(scene, OLD) == []
    assert "DetectStackResourceDrift" not in scene.cloud.calls

    scene = Scene()
    scene.cloud.put("app", "CREATE_COMPLETE", OLD)
    assert found(scene, Graph((*OLD.resources[:1], Resource("New")))) == []
    assert "DetectStackResourceDrift" not in scene.cloud.calls


def test_secrets_are_not_shown_and_long_values_are_cut() -> None:
    scene = Scene()
    scene.cloud.put("app", "CREATE_COMPLETE", OLD)
    scene.cloud.drifted = {"Queue": {"/MasterPassword": ("one", "two"), "/Policy": ("null", "x" * 99)}}

    (only,) = found(scene, newer(OLD))

    assert only.differences == (
        Difference("/MasterPassword", "(not shown)", "(not shown)"),
        Difference("/Policy", "nothing", "x" * 60 + "..."),
    )


@pytest.mark.parametrize(("there", "looked_at"), [(30, 20), (3, 3)])
def test_only_so_many_are_looked_at_and_none_that_cannot_drift(there: int, looked_at: int) -> None:
    scene = Scene()
    many = Graph((Resource("Definition", "AWS::ECS::TaskDefinition"), *(Resource(f"Q{n}") for n in range(there))))
    scene.cloud.put("app", "CREATE_COMPLETE", many)

    lines = drift.found(scene.tools, planned(scene, newer(many))).lines()

    assert scene.cloud.calls.count("DetectStackResourceDrift") == looked_at
    left = f"What was changed by hand was looked for in 20 of {there} resources that change"
    assert lines == ((left,) if looked_at < there else ())


def test_of_many_those_that_hold_data_come_first_and_what_only_may_change_is_left_alone() -> None:
    """A value that a sibling gives is told as a change of each that takes it, whatever comes of it."""
    scene = Scene()
    perhaps = tuple(Resource(f"P{n}", details=(detail("Value", evaluation="Dynamic"),)) for n in range(30))
    sure = tuple(Resource(f"S{n}", "AWS::SNS::Topic", details=(detail("Tags"),)) for n in range(30))
    database = Resource("Db", "AWS::RDS::DBInstance", details=(detail("Tags"),))
    many = Graph((*perhaps, *sure, database))
    scene.cloud.put("app", "CREATE_COMPLETE", many)
    scene.cloud.drifted = {"Db": None, "S18": None, "S19": None, "P0": None}

    looked = drift.found(scene.tools, planned(scene, newer(many)))

    assert [each.path for each in looked.drifts] == ["app/Db", "app/S18"]
    assert (looked.looked, looked.wanted) == (20, 31)


@pytest.mark.parametrize(
    ("code", "calls", "said"),
    [
        ("ValidationError", 2, []),  # of a type that is not supported
        ("InvalidAction", 1, []),  # an AWS that does not know it
        ("AccessDenied", 1, ["whether something was changed by hand is not known: AWS does not allow Detect"]),
    ],
)
def test_where_it_cannot_be_known_the_deploy_goes_on(code: str, calls: int, said: list[str]) -> None:
    scene = Scene()
    scene.cloud.put("app", "CREATE_COMPLETE", OLD)
    scene.cloud.drift_refused = {"": RefusedError(code, "no")}

    assert found(scene, newer(OLD)) == []
    assert scene.cloud.calls.count("DetectStackResourceDrift") == calls
    assert [told[: len(wanted)] for told, wanted in zip(scene.said, said, strict=True)] == said

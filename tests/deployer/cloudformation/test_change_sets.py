from __future__ import annotations

from dataclasses import replace

import pytest

from deployer.aws import Aws
from deployer.cloudformation import change_sets, stacks
from deployer.cloudformation.change_sets import ChangeSet, StackRequest, Template
from deployer.cloudformation.changes import Change, Replacement
from deployer.errors import DeployError
from deployer.plans.plan import unseen
from tests.deployer import scenes as deploying
from tests.deployer.scripted_clients import scripted
from tests.deployer.scripted_cloudformation import (
    Graph,
    Resource,
    ScriptedCloudFormation,
    VirtualTime,
    detail,
    nested,
)

NETWORK = nested("Network", Resource("Vpc", "AWS::EC2::VPC"), nested("Inner", Resource("Subnet")))
NEWER_NETWORK = nested("Network", Resource("Vpc", "AWS::EC2::VPC", version=2), nested("Inner", Resource("Subnet")))
BODY = Template(body="body")


class Scene:
    def __init__(self, *, page: int = 100) -> None:
        self.time = VirtualTime()
        self.cloud = ScriptedCloudFormation(self.time, page=page)
        self.aws: Aws = scripted({"cloudformation": self.cloud})

    def propose(self, graph: Graph, **request: object) -> ChangeSet | None:
        self.cloud.templates["body"] = graph
        wanted = StackRequest("app", BODY, **request)  # type: ignore[arg-type]
        return change_sets.propose(self.aws, wanted, stacks.find(self.aws, "app"), self.time.clock())


@pytest.mark.parametrize("page", [1, 100])
def test_changes_of_nested_stacks_are_told_with_their_path(page: int) -> None:
    made = Scene(page=page).propose(Graph((NETWORK, Resource("Queue"))))

    assert made is not None
    assert made.creates
    assert [(each.path, each.action) for each in made.changes] == [
        ("app/Network", "Add"),
        ("app/Network/Vpc", "Add"),
        ("app/Network/Inner", "Add"),
        ("app/Network/Inner/Subnet", "Add"),
        ("app/Queue", "Add"),
    ]


def test_without_nested_change_sets_only_the_stack_itself_is_planned() -> None:
    made = Scene().propose(Graph((NETWORK,)), nested=False)

    assert made is not None
    assert [each.path for each in made.changes] == ["app/Network"]


STANDING = Graph((NETWORK, nested("Data", Resource("Db")), Resource("Queue")), {"Size": "1"}, {"Url": "http://x"})


def root_alone(scene: Scene, graph: Graph, **request: object) -> ChangeSet | None:
    """Plan a root that is uploaded, without looking into what is nested in it."""
    scene.cloud.templates["url"] = graph
    wanted = StackRequest("app", Template(url="url"), nested=False, **request)  # type: ignore[arg-type]
    return change_sets.propose(scene.aws, wanted, stacks.find(scene.aws, "app"), scene.time.clock())


def standing(scene: Scene) -> Scene:
    scene.cloud.put("app", "CREATE_COMPLETE", STANDING).values = {"Size": "1"}
    return scene


def test_nested_stacks_that_nobody_looks_into_are_unchanged_when_their_template_and_values_are() -> None:
    scene = standing(Scene())

    assert root_alone(scene, STANDING) is None
    assert root_alone(scene, STANDING, parameters={"Size": "1"}) is None
    again = StackRequest("app", Template(previous=True), {"Size": "1"}, nested=False)
    assert change_sets.propose(scene.aws, again, stacks.find(scene.aws, "app"), scene.time.clock()) is None
    assert scene.cloud.change_sets == {}
    assert scene.cloud.status("app") == "CREATE_COMPLETE"


def test_of_nested_stacks_that_nobody_looks_into_those_with_another_template_change() -> None:
    newer = replace(STANDING, resources=(NETWORK, nested("Data", Resource("Db", version=2)), Resource("Queue")))
    made = root_alone(standing(Scene()), newer)

    assert made is not None
    assert [(each.path, each.seen) for each in made.changes] == [("app/Data", False)]
    assert unseen(made.changes) == ["Data"]


@pytest.mark.parametrize(("network", "told"), [(NETWORK, []), (NEWER_NETWORK, ["Network", "Data"])])
def test_a_nested_stack_changes_for_a_value_if_the_stack_that_gives_it_does(network: Resource, told: list[str]) -> None:
    given = detail("Parameters", evaluation="Dynamic", source="ResourceAttribute", cause="Network.Outputs.VpcId")
    data = replace(STANDING.resources[1], details=(given,))
    made = root_alone(standing(Scene()), replace(STANDING, resources=(network, data, Resource("Queue"))))

    assert (unseen(made.changes) if made else []) == told


@pytest.mark.parametrize(
    "given",
    [
        detail("Parameters", source="ResourceAttribute", cause="Network.Outputs.VpcId"),
        detail("Parameters", evaluation="Dynamic", source="ResourceAttribute", cause="Queue.Arn"),
        detail("Parameters", source="ParameterReference", cause="Size"),
    ],
)
def test_a_nested_stack_changes_for_any_other_value(given: dict[str, object]) -> None:
    data = replace(STANDING.resources[1], details=(given,))
    made = root_alone(standing(Scene()), replace(STANDING, resources=(NETWORK, data, Resource("Queue"))))

    assert made is not None
    assert unseen(made.changes) == ["Data"]


@pytest.mark.parametrize(
    ("graph", "request_"),
    [
        (replace(STANDING, outputs={"Url": "https://x"}), {}),
        (STANDING, {"parameters": {"Size": "2"}}),
        (STANDING, {"tags": {"owner": "ada"}}),
    ],
)
def test_outputs_values_and_tags_alone_are_a_change_though_no_resource_is_told(
    graph: Graph, request_: dict[str, object]
) -> None:
    made = root_alone(standing(Scene()), graph, **request_)

    assert made is not None
    assert made.changes == ()


def test_an_update_tells_what_is_modified_and_removed() -> None:
    scene = Scene()
    scene.cloud.put("app", "CREATE_COMPLETE", Graph((Resource("Queue"), Resource("Old"))))

    made = scene.propose(Graph((Resource("Queue", version=2),)))

    assert made is not None
    assert not made.creates
    assert made.changes == (
        Change("app", "Queue", "app-queue", "AWS::SQS::Queue", "Modify", Replacement.NO),
        Change("app", "Old", "app-old", "AWS::SQS::Queue", "Remove", policy="Delete"),
    )


def test_nothing_to_change_is_no_error_and_leaves_nothing_behind() -> None:
    scene = Scene()
    scene.cloud.put("app", "UPDATE_COMPLETE", Graph((Resource("Queue"),)))

    assert scene.propose(Graph((Resource("Queue"),))) is None
    assert scene.cloud.change_sets == {}
    assert scene.cloud.status("app") == "UPDATE_COMPLETE"


@pytest.mark.parametrize(
    ("reason", "empty"),
    [
        (
            "The submitted information didn't contain changes. Submit different information to create a change set.",
            True,
        ),
        ("No updates are to be performed.", True),
        ("Template format error: Unresolved resource dependencies [X]", False),
        ("", False),
    ],
)
def test_an_empty_change_set_is_known_by_its_reason(reason: str, empty: bool) -> None:
    assert change_sets.is_empty(reason) is empty


def test_a_rejected_change_set_is_removed_with_the_stack_made_for_it_and_told() -> None:
    scene = Scene()
    scene.cloud.rejection = "Template error:\nno such thing"

    with pytest.raises(DeployError, match="app: CloudFormation rejects the change set: Template error: no such thing"):
        scene.propose(Graph((Resource("Queue"),)))
    assert scene.cloud.change_sets == {}
    assert scene.cloud.status("app") == "nothing"


def test_the_reason_told_is_that_of_the_nested_change_set_at_fault() -> None:
    scene = Scene()
    at_fault = scene.propose(Graph((Resource("Queue"),)))
    assert at_fault is not None
    scene.cloud.change_sets[at_fault.id].reason = "Parameter Cidr is missing"
    scene.cloud.rejection = f"Nested change set {at_fault.id} was not successfully created: Currently in FAILED."

    with pytest.raises(DeployError, match="Parameter Cidr is missing"):
        scene.propose(Graph((Resource("Queue"),)))


def test_a_change_set_that_never_gets_ready_is_given_up() -> None:
    scene = Scene()
    scene.cloud.planning_seconds = float("inf")

    with pytest.raises(DeployError, match="no change set in 30 minutes"):
        scene.propose(Graph((Resource("Queue"),)))
    assert 1800 <= scene.time.seconds < 1900


def test_parameters_given_win_then_those_the_stack_has_then_defaults() -> None:
    scene = Scene()
    before = {"Image": None, "Size": "1", "Dropped": "x", "Kept": "old default"}
    scene.cloud.put("app", "CREATE_COMPLETE", Graph(parameters=before)).values = {
        "Image": "img:1",
        "Size": "2",
        "Dropped": "x",
        "Kept": "mine",
    }
    after: dict[str, str | None] = {"Image": None, "Size": "1", "Kept": "new default", "New": "default"}

    made = scene.propose(Graph((Resource("Queue"),), after), parameters={"Size": "3"})

    assert made is not None
    assert scene.cloud.change_sets[made.id].values == {"Size": "3", "Image": "img:1", "Kept": "mine"}


def test_a_parameter_without_any_value_is_named() -> None:
    with pytest.raises(DeployError, match="app: the template needs a value for Image"):
        Scene().propose(Graph(parameters={"Image": None, "Size": "1"}))


def test_a_parameter_that_the_template_lacks_is_named() -> None:
    with pytest.raises(DeployError, match="app: the template has no parameter Imgae"):
        Scene().propose(Graph(parameters={"Image": ""}), parameters={"Imgae": "x"})


def test_a_body_too_large_is_refused_before_it_is_sent() -> None:
    scene = Scene()
    request = StackRequest("app", Template(body="ü" * 30_000))

    with pytest.raises(DeployError, match="has 60000 bytes"):
        change_sets.propose(scene.aws, request, None, scene.time.clock())
    assert scene.cloud.calls == []


def test_a_stack_that_somebody_else_reviews_is_not_removed() -> None:
    scene = Scene()
    other, mine = (scene.propose(Graph((Resource("Queue"),))) for _ in range(2))
    assert mine is not None
    assert other is not None

    change_sets.discard(scene.aws, mine)

    assert list(scene.cloud.change_sets) == [other.id]
    assert scene.cloud.status("app") == "REVIEW_IN_PROGRESS"


def test_what_a_run_that_was_killed_has_left_in_review_keeps_no_stack_from_going() -> None:
    scene = Scene()
    for _ in range(2):
        scene.propose(Graph((Resource("Queue"),)))
    mine = scene.propose(Graph((Resource("Queue"),)), alone=True)
    assert mine is not None

    change_sets.discard(scene.aws, mine)

    assert scene.cloud.status("app") == "nothing"


def test_a_stack_that_somebody_else_has_created_meanwhile_is_not_removed() -> None:
    scene = Scene()
    mine = scene.propose(Graph((Resource("Queue"),)))
    assert mine is not None
    scene.cloud._create(scene.cloud._get("app"), Graph(), scene.time.seconds)
    scene.time.sleep(60)

    change_sets.discard(scene.aws, mine)

    assert scene.cloud.status("app") == "CREATE_COMPLETE"


def test_interrupted_while_planning_it_leaves_nothing_behind() -> None:
    scene = Scene()
    scene.cloud.templates["body"] = Graph((Resource("Queue"),))

    def interrupt(seconds: float) -> None:
        scene.time.sleep(seconds)
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        change_sets.propose(scene.aws, StackRequest("app", BODY), None, replace(scene.time.clock(), sleep=interrupt))
    assert scene.cloud.change_sets == {}
    assert scene.cloud.status("app") == "nothing"


@pytest.mark.parametrize("stands", [False, True])
def test_what_a_change_that_fails_has_made_does_not_stay_behind_in_no_stack(stands: bool) -> None:
    scene = deploying.Scene()
    if stands:
        scene.cloud.put("app", "CREATE_COMPLETE", Graph((Resource("Queue", policy="Retain"),)))
    secret = Resource("FlowerSecret", "AWS::SecretsManager::Secret", policy="Retain")

    with pytest.raises(DeployError):
        scene.deploy_stack(Graph((Resource("Queue", version=2, policy="Retain", fails="no"), secret)))
    assert scene.cloud.left_behind == []


def test_tags_are_handed_over() -> None:
    scene = Scene()

    made = scene.propose(Graph((Resource("Queue"),)), tags={"owner": "ada"})

    assert made is not None
    assert scene.cloud.change_sets[made.id].tags == {"owner": "ada"}


def test_a_repeated_execution_bears_the_same_token() -> None:
    scene = Scene()
    for _ in range(2):
        made = scene.propose(Graph((Resource("Queue"),)))
        assert made is not None
        kept = scene.cloud.change_sets[made.id]
        change_sets.execute(scene.aws, made)
        scene.cloud.change_sets[made.id] = kept
        change_sets.execute(scene.aws, made)
        scene.time.sleep(10)
        scene.cloud.stacks.clear()

    first, again, other, _ = scene.cloud.tokens
    assert first == again != other


def test_with_the_previous_template_only_what_is_given_changes_and_tags_stay() -> None:
    scene = Scene()
    stack = scene.cloud.put("app", "UPDATE_COMPLETE", Graph((Resource("Queue"),), {"Image": None, "Key": None}))
    stack.values = {"Image": "old", "Key": "k"}
    request = StackRequest("app", Template(previous=True), {"Image": "new"})
    made = change_sets.propose(scene.aws, request, stacks.find(scene.aws, "app"), scene.time.clock())

    assert made is not None
    assert scene.cloud.change_sets[made.id].values == {"Image": "new", "Key": "k"}
    assert scene.cloud.templates == {}, "no template was handed over"

    lacking = StackRequest("app", Template(previous=True), {"Other": "new"})
    with pytest.raises(DeployError, match="app: the template has no parameter Other"):
        change_sets.propose(scene.aws, lacking, stacks.find(scene.aws, "app"), scene.time.clock())


@pytest.mark.parametrize(("evaluation", "certain"), [("Static", True), ("Dynamic", False)])
def test_what_is_certain_to_change_is_told_from_what_may(evaluation: str, certain: bool) -> None:
    scene = Scene()
    scene.cloud.put("app", "UPDATE_COMPLETE", Graph((Resource("Queue"),)))
    scene.cloud.evaluation = evaluation
    made = scene.propose(Graph((Resource("Queue", version=2),)))
    assert made is not None
    assert [change.certain for change in made.changes] == [certain]


@pytest.mark.parametrize("seconds", [30.0, 600.0])
def test_one_that_is_still_being_made_is_waited_for_a_minute_to_be_removed(seconds: float) -> None:
    scene = Scene()
    scene.cloud.templates["body"] = Graph((NETWORK,))
    made = scene.aws.cloudformation.create_change_set(
        StackName="app", ChangeSetName="x", ChangeSetType="CREATE", TemplateBody="body", Parameters=[], Tags=[],
        IncludeNestedStacks=True,
    )  # fmt: skip
    scene.cloud.change_sets[made["Id"]].ready = seconds

    change_sets.discard(
        scene.aws, ChangeSet(made["Id"], "app", made["StackId"], creates=True, changes=()), scene.time.clock()
    )

    assert (scene.cloud.change_sets == {}) is (seconds < 60)
    assert scene.time.seconds <= 61


def test_a_new_change_set_may_be_found_late_but_not_for_ever() -> None:
    scene = Scene()
    scene.cloud.change_set_lag = 20
    assert scene.propose(Graph((Resource("Queue"),))) is not None

    scene.cloud.change_set_lag = 1000
    with pytest.raises(DeployError, match="the change set of app is gone: somebody has removed it, or the stack"):
        scene.propose(Graph((Resource("Queue"),)))

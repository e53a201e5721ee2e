"""diff against what is deployed, which it leaves alone; and what is shown before a deploy."""

from __future__ import annotations

import json
from collections.abc import Mapping

import pytest

from deployer.checkout import CHECKOUT
from deployer.cloudformation.change_sets import ChangeSet
from deployer.cloudformation.changes import Change
from deployer.deploying import deployed
from deployer.deploying.deployed import LastDeploy
from deployer.errors import DeployError
from deployer.plans.plan import Plan, totals
from deployer.tools import Tools
from deployer.verbs.costing import settings_from, shown
from deployer.verbs.diff import online
from generator.config import source
from generator.config.environments import judged, load, overlay
from generator.config.settings import Settings
from generator.render import render
from tests.deployer.scripted_clients import scripted
from tests.deployer.scripted_cloudformation import ScriptedCloudFormation
from tests.deployer.scripted_graphs import Graph, Resource, Stack, VirtualTime, detail, nested
from tests.deployer.scripted_storage import ScriptedS3

BASE = "serviceName: air\nowner: data\n"
DATABASE = Resource("MetadataDatabase", "AWS::RDS::DBInstance")
OF_ROOT: Mapping[str, str | None] = {"Image": None} | {
    f"{name}SecretArn": "" for name in ("Admin", "Broker", "Database", "Fernet", "Jwt", "Session")
}
BUCKET = Graph((Resource("TemplatesBucket", "AWS::S3::Bucket"),), outputs={"TemplatesBucket": "bucket"})


def settings(more: str = "", environment: str = "dev") -> Settings:
    text = f"{BASE}{more}environments: {{{environment}: {{}}}}\n"
    return judged(overlay(source.parse(text, "service.yml"), environment))[0]


def root(version: int = 1, **more: object) -> Graph:
    changed = Resource(**{**vars(DATABASE), "version": version, **more})
    return Graph((nested("Database", changed),), OF_ROOT)


class Templates(dict[str, Graph]):
    """Whatever is uploaded under a hash is the root, whatever is handed over as text the foundation."""

    def __init__(self, foundation: Graph, root: Graph) -> None:
        super().__init__()
        self.foundation, self.root = foundation, root

    def __missing__(self, key: str) -> Graph:
        return self.root if key.startswith("https://") else self.foundation


class Account:
    """An account in which an environment may be deployed."""

    def __init__(self, wanted: Graph | None = None, foundation: Graph = BUCKET) -> None:
        self.time = VirtualTime()
        self.cloud, self.store = ScriptedCloudFormation(self.time), ScriptedS3("bucket")
        self.cloud.templates = Templates(foundation, wanted or root())
        self.aws = scripted({"cloudformation": self.cloud, "s3": self.store})
        self.aws.region = "us-east-1"  # whose prices are known
        self.tools = Tools(self.aws, clock=self.time.clock())

    def put(self, name: str, graph: Graph, status: str = "UPDATE_COMPLETE") -> Stack:
        stack = self.cloud.put(name, status, graph)
        stack.tags = dict(settings().all_tags)
        stack.values = {name: value or "" for name, value in graph.parameters.items()}
        return stack

    def deployed(self) -> Account:
        self.put("air-dev-foundation", BUCKET)
        self.put("air-dev", root())
        return self

    def diff(self, wanted: Settings | None = None, *, nested: bool = True) -> Plan:
        chosen = wanted or settings()
        return online(chosen, render(chosen), self.tools, nested=nested)

    def changes_nothing(self) -> bool:
        forbidden = {"ExecuteChangeSet", "DeleteStack", "UpdateStack", "CreateStack"}
        uploaded = [key for key in self.store.bodies("bucket") if not key.startswith(("templates/", "deployed.json"))]
        return not self.cloud.change_sets and not forbidden & set(self.cloud.calls) and not uploaded


def test_where_nothing_is_deployed_everything_is_added_and_nothing_is_made() -> None:
    account = Account()
    plan = account.diff()

    assert [each.creates for each in plan.stacks] == [True, True]
    added, changed, destroyed = totals(plan.changes)
    assert (changed, destroyed) == (0, 0)
    assert added > 50
    assert plan.costs
    assert plan.costs.before
    assert plan.costs.before.high == 0 < plan.costs.after.low
    assert set(account.cloud.calls) == {"DescribeStacks"}
    assert account.store.calls == []


@pytest.mark.parametrize("status", ["REVIEW_IN_PROGRESS", "ROLLBACK_COMPLETE"])
def test_a_stack_that_holds_nothing_is_as_good_as_none(status: str) -> None:
    account = Account()
    account.put("air-dev-foundation", BUCKET)
    account.put("air-dev", root(), status)

    assert [each.creates for each in account.diff().stacks] == [False, True]
    assert account.changes_nothing()


@pytest.mark.parametrize(("status", "costs"), [("ROLLBACK_COMPLETE", ""), ("ROLLBACK_FAILED", "left something behind")])
def test_what_must_be_removed_first_is_said(status: str, costs: str) -> None:
    account = Account()
    account.put("air-dev-foundation", BUCKET)
    account.put("air-dev", root(), status)
    plan = account.diff()

    assert plan.notes == [f"air-dev is in {status}: a deploy removes it first (--recreate)"]
    assert plan.costs
    assert (plan.costs.before is None) is bool(costs)
    assert costs in plan.costs.unknown


def test_a_root_without_its_foundation_is_not_taken_for_a_new_one() -> None:
    account = Account()
    account.put("air-dev", root())
    plan = account.diff()

    assert [(each.stack, each.creates) for each in plan.stacks] == [("air-dev-foundation", True)]
    assert plan.notes == [
        "air-dev cannot be planned yet: there is no air-dev-foundation, and a deploy creates it first"
    ]
    assert plan.costs
    assert plan.costs.before is None


def test_a_bucket_that_was_removed_by_hand_is_said() -> None:
    account = Account().deployed()
    account.store.buckets.clear()
    plan = account.diff()

    assert [each.stack for each in plan.stacks] == ["air-dev-foundation"]
    (note,) = plan.notes
    assert note.startswith("air-dev cannot be planned yet: the foundation's bucket was removed by hand")


def test_of_a_half_removed_stack_the_way_out_is_said() -> None:
    account = Account()
    account.put("air-dev-foundation", BUCKET)
    account.put("air-dev", root(), "DELETE_FAILED")
    with pytest.raises(DeployError) as caught:
        account.diff()
    assert "make airflow-destroy" in caught.value.hint


def test_what_a_deploy_would_change_and_nothing_is_left_behind() -> None:
    account = Account(root(2, details=(detail("DBName", "Always"),))).deployed()
    plan = account.diff()

    foundation, own = plan.stacks
    assert foundation.changes == ()
    assert [each.name for each in own.changes] == ["Database", "Database/MetadataDatabase"]
    assert [each.name for each in own.changes[1].properties] == ["DBName"]
    assert any("image stays as it is" in note for note in plan.notes)
    assert account.changes_nothing()
    assert account.cloud.status("air-dev") == "UPDATE_COMPLETE"


def test_what_was_changed_by_hand_is_told() -> None:
    account = Account(root(2, details=(detail("DBName"),))).deployed()
    account.cloud.drifted["MetadataDatabase"] = {"/Size": ("20", "30")}

    assert "/Size is 30 (template: 20)" in "\n".join(account.diff().stacks[1].by_hand)


def test_what_cloudformation_warns_of_is_told() -> None:
    account = Account(Graph((Resource("Logs", "AWS::S3::Bucket"),), OF_ROOT)).deployed()
    account.cloud.warned["Database"] = ["quota exceeded"]

    warned = "  air-dev/Database (AWS::CloudFormation::Stack): quota exceeded (at /Resources/Database/Properties)"
    assert account.diff().stacks[1].warnings == ("CloudFormation warns:", warned)
    assert account.changes_nothing()


def test_without_nested_change_sets_the_root_alone_is_planned() -> None:
    plan = Account(root(2)).deployed().diff(nested=False)
    assert [(each.name, each.seen) for each in plan.stacks[1].changes] == [("Database", False)]


def test_nothing_to_change() -> None:
    account = Account().deployed()
    assert account.diff().changes == ()
    assert account.changes_nothing()


def test_the_bill_before_is_that_of_what_was_deployed_last() -> None:
    account = Account().deployed()
    smaller = settings("metadataDb: {instanceType: db.t4g.small}\n")
    written = smaller.model_dump(mode="json", by_alias=True)
    last = LastDeploy("hash", written, "2026-01-01T00:00:00Z", "arn:ada", f"{'f' * 40}-dirty")
    deployed.write(account.aws, "bucket", last)
    plan = account.diff()

    since = "since 2026-01-01T00:00:00Z by arn:ada, commit ffffffff-dirty"
    assert plan.against == f"what is deployed in us-east-1 {since}"
    assert plan.costs
    assert plan.costs.before
    assert plan.costs.before.low > plan.costs.after.low


@pytest.mark.parametrize(("written", "why"), [({"zzz": 1}, "does not understand"), (None, "no deploy wrote it down")])
def test_a_bill_that_nobody_knows_is_said(written: Mapping[str, object] | None, why: str) -> None:
    account = Account().deployed()
    if written is not None:
        deployed.write(account.aws, "bucket", LastDeploy("", written, "", ""))
    costs = account.diff().costs

    assert costs
    assert costs.before is None
    assert why in costs.unknown


@pytest.mark.parametrize("environment", ["dev", "stage", "prod"])
def test_settings_are_read_as_they_were_written(environment: str) -> None:
    wanted = load(CHECKOUT / "service.yml", environment)
    assert settings_from(json.loads(json.dumps(wanted.model_dump(mode="json", by_alias=True)))) == wanted


def test_inside_this_machine_nothing_costs() -> None:
    assert Account().diff(settings(environment="local")).costs is None


def test_a_key_that_the_foundation_has_yet_to_make_is_waited_for() -> None:
    account = Account().deployed()
    plan = account.diff(settings("kms: {customerKey: true}\n"))

    assert [each.stack for each in plan.stacks] == ["air-dev-foundation"]
    assert plan.notes == ["air-dev cannot be planned yet: air-dev-foundation has no KeyArn, deploy it first"]


def test_of_a_busy_stack_it_is_said_that_nothing_can_be_planned() -> None:
    account = Account().deployed()
    account.cloud._own(account.cloud._get("air-dev"), "UPDATE_IN_PROGRESS", account.time.seconds)

    with pytest.raises(DeployError, match="air-dev is in UPDATE_IN_PROGRESS"):
        account.diff()
    assert account.changes_nothing()


# What is shown before a deploy.


def change_set(stack: str, *, creates: bool) -> ChangeSet:
    changed = Change("air-dev", "Topic", "", "AWS::SNS::Topic", "Modify")
    return ChangeSet("id", stack, "arn", creates, (changed,), ("moved by hand",), ("a quota",))


def test_before_a_deploy_the_changes_what_is_beside_them_and_the_bill_are_shown() -> None:
    account = Account().deployed()
    last = LastDeploy("", settings().model_dump(mode="json", by_alias=True), "", "")
    deployed.write(account.aws, "bucket", last)
    told = shown(change_set("air-dev", creates=False), settings(), account.aws).splitlines()

    assert told[1] == "~  modify  air-dev/Topic  AWS::SNS::Topic"
    assert told[2:4] == ["a quota", "moved by hand"]
    assert told[-2].startswith("$ a day in us-east-1: ")
    assert told[-2].endswith(", as before")
    assert told[-1] == "0 to add, 1 to change, 0 to destroy"


def test_the_bill_is_shown_once_and_of_a_first_deploy_it_begins_at_nothing() -> None:
    account = Account()
    assert " a day " not in shown(change_set("air-dev-foundation", creates=True), settings(), account.aws)
    assert " 0.00 before, " in shown(change_set("air-dev", creates=True), settings(), account.aws)
    assert account.cloud.calls == account.store.calls == []
    local = settings(environment="local")
    assert " a day " not in shown(change_set("air-local", creates=True), local, account.aws)

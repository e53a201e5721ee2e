"""What a diff says of the embedded AWS is what a deploy then does there, and the diff itself leaves nothing."""

from pathlib import Path

from deployer.aws import Aws, connect
from deployer.deploying import deployment
from deployer.deploying.deployment import Desired
from deployer.plans.compare import compare
from deployer.plans.plan import Plan
from deployer.tools import Tools
from deployer.verbs.deploying import LOCAL_IMAGE, parameters
from deployer.verbs.diff import online
from deployer.verbs.reaching import names_of
from generator.config import source
from generator.config.environments import judged, overlay
from generator.config.settings import Settings
from generator.render import render, write
from local.embedded_aws import Endpoint


def settings(more: str = "") -> Settings:
    text = f"serviceName: air\nowner: data\n{more}environments: {{local: {{}}}}\n"
    return judged(overlay(source.parse(text, "service.yml"), "local"))[0]


def deploy(aws: Aws, wanted: Settings, folder: Path) -> set[str]:
    """Deploy, and return which resources were touched."""
    write(render(wanted), folder)
    desired = Desired(names_of(wanted), folder, parameters(wanted, LOCAL_IMAGE), wanted.all_tags)
    events = list(deployment.deploy(Tools(aws), desired, lambda _: True))
    return {event.path for event in events if event.type != "AWS::CloudFormation::Stack"}


def diff(aws: Aws, wanted: Settings) -> Plan:
    """Plan, and see that nothing in CloudFormation is other than before."""
    before = state(aws)
    plan = online(wanted, render(wanted), Tools(aws))
    assert state(aws) == before
    return plan


def state(aws: Aws) -> list[str]:
    """Every stack with its status and its change sets."""
    found = []
    for stack in aws.cloudformation.describe_stacks()["Stacks"]:
        sets = aws.cloudformation.list_change_sets(StackName=stack["StackName"])["Summaries"]
        found.append(f"{stack['StackName']} {stack['StackStatus']} {[each['Status'] for each in sets]}")
    return sorted(found)


def test_a_diff_before_between_and_after_deploys(endpoint: Endpoint, tmp_path: Path) -> None:
    aws = connect(endpoint.session(), endpoint.url)
    first, changed = settings(), settings("logging: {retention: 30}\n")

    everything = {each.path for each in diff(aws, first).changes}
    assert state(aws) == []
    assert deploy(aws, first, tmp_path / "templates") == everything

    assert diff(aws, first).changes == ()
    assert "Storage" in {each.name for each in diff(aws, changed).changes}
    offline = compare(render(first), render(changed), "root.yml", "air-local")
    assert deploy(aws, changed, tmp_path / "templates") == {each.path for each in offline}
    assert diff(aws, changed).changes == ()

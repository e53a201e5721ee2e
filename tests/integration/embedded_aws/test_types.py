"""Every resource type that may be rendered: created, changed and deleted, and each service asked what became of it."""

from collections.abc import Iterator
from typing import Any

import jmespath
from botocore.exceptions import ClientError

from local.embedded_aws import Endpoint
from tests.integration.embedded_aws.catalogue import data, ground, keeping, language, messages, running, traffic
from tests.integration.embedded_aws.catalogue.topic import PLACE, Make, Question, output, resource
from tests.integration.embedded_aws.deploying import ASKED_OF_ALL, STACK, Trial
from tests.integration.embedded_aws.templates import TASKS_MAY, Template, att, only_child, template

TOPICS: dict[str, Make] = {
    "Ground": ground.ground,
    "Messages": messages.messages,
    "Keeping": keeping.keeping,
    "Databases": data.databases,
    "Brokers": data.brokers,
    "Traffic": traffic.traffic,
    "Running": running.running,
    "Language": language.language,
}


def test_no_property_is_lost_when_it_is_created_or_changed_and_nothing_when_it_is_deleted(endpoint: Endpoint) -> None:
    trial = Trial(endpoint, wired)
    before = trial.everything(ASKED_OF_ALL)

    assert trial.create(templates(1), Tags=stack_tags(1))["StackStatus"] == "CREATE_COMPLETE", trial.complaints()
    assert [name for name, status in trial.events(STACK) if status == "CREATE_COMPLETE"] == [*TOPICS, STACK]
    assert "\n".join(differences(trial, 1)) == ""
    assert trial.update(templates(2), Tags=stack_tags(2))["StackStatus"] == "UPDATE_COMPLETE", trial.complaints()
    assert "\n".join(differences(trial, 2)) == ""
    assert trial.delete()["StackStatus"] == "DELETE_COMPLETE"
    assert trial.everything(ASKED_OF_ALL) == before | {"s3.Buckets": 1}  # the templates' own


def test_a_property_that_a_service_refuses_leaves_nothing(endpoint: Endpoint) -> None:
    trial = Trial(endpoint, only_child())
    before = trial.everything(ASKED_OF_ALL)
    role = resource("AWS::IAM::Role", AssumeRolePolicyDocument=TASKS_MAY, PermissionsBoundary="no-arn")
    assert trial.create({"Only": template({"Role": role}, {})})["StackStatus"] == "ROLLBACK_COMPLETE"
    assert len(trial.complaints()) == 1
    trial.delete()
    assert trial.everything(ASKED_OF_ALL) == before | {"s3.Buckets": 1}


def stack_tags(now: int) -> list[dict[str, str]]:
    return [{"Key": "Environment", "Value": f"trial-{now}"}]


def templates(now: int) -> dict[str, Template]:
    return {name: make(now).template() for name, make in TOPICS.items()}


def wired(urls: dict[str, str]) -> Template:
    """The parent: what a child takes the first one gives; each waits for the one before it, written backwards."""
    resources: Template = {}
    for name, make in TOPICS.items():
        given = {taken: att("Ground", f"Outputs.{taken}") for taken in make(1).takes}
        properties = {"TemplateURL": urls[name], "Parameters": given}
        resources[name] = {
            "Type": "AWS::CloudFormation::Stack",
            "DependsOn": list(resources)[-1:],
            "Properties": properties,
        }
    return {"Parameters": {"Image": {"Type": "String"}}, "Resources": dict(reversed(resources.items()))}


def differences(trial: Trial, now: int) -> Iterator[str]:
    """Where an answer is not what is expected."""
    for name, make in TOPICS.items():
        given = {one["OutputKey"]: one["OutputValue"] for one in trial.child(name)["Outputs"]}
        for question in make(now).questions:
            arguments, expected = put_in(question.arguments, given), put_in(question.expected, given)
            said = answer(trial, question, arguments)
            if said != expected:
                yield f"{name}: {question.operation}({arguments}) {question.where}: {said!r}, not {expected!r}"


def answer(trial: Trial, question: Question, arguments: dict[str, Any]) -> Any:
    try:
        told = getattr(trial.client(question.service), question.operation)(**arguments)
    except ClientError as error:
        told = {"Error": error.response["Error"]["Code"]}
    search: Any = jmespath.search
    try:
        return search(question.where, told)
    except jmespath.exceptions.JMESPathError as error:  # such as a function of what is not there
        return str(error)


def put_in(value: Any, given: dict[str, str]) -> Any:
    """Put the outputs of a stack into the places of a question."""
    match value:
        case str():
            return PLACE.sub(lambda found: given[output(found[1], found[2] or "")], value)
        case list():
            return [put_in(one, given) for one in value]
        case dict():
            return {key: put_in(one, given) for key, one in value.items()}
        case _:
            return value

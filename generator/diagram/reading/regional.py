"""What is used of AWS outside of the VPC, and which VPC endpoints lead there."""

import re
from collections.abc import Callable, Iterable

from generator.diagram.model import QUEUES, Endpoint, Reach, Regional
from generator.diagram.reading.services import SERVICE, containers, task_of
from generator.diagram.reading.tree import Resource, Tree
from generator.diagram.reading.values import at, find, named, text
from generator.diagram.reading.words import count, listed, words

QUEUE = "AWS::SQS::Queue"
# https://docs.aws.amazon.com/vpc/latest/privatelink/aws-services-privatelink-support.html
ENDPOINT_SERVICE = re.compile(r"amazonaws\.[^.]+\.(.+)$")
MOST_NAMES = 3


def regional(tree: Tree) -> tuple[Regional, ...]:
    """Read the services that have resources in the templates, and those that only an endpoint leads to."""
    endpoints = _endpoints(tree)
    known = {name for _, _, _, names, _ in SERVICES for name in names}
    found = [
        Regional(key, title, lines(resources), tuple(one for one in endpoints if one.name in names))
        for key, title, kinds, names, lines in SERVICES
        if (resources := list(find(tree, *kinds))) or any(one.name in names for one in endpoints)
    ]
    others = tuple(one for one in endpoints if one.name not in known)
    return (*found, Regional("others", "Other services", (), others)) if others else tuple(found)


def reaches(tree: Tree) -> Iterable[Reach]:
    """Services whose containers are told of an SQS queue."""
    for service in find(tree, SERVICE):
        told = [named(container.get(name)) for container in containers(task_of(service)) for name in TOLD]
        if any(one.kind == QUEUE for resources in told for one in resources):
            yield Reach(service.key, QUEUES, "HTTPS 443")


TOLD = ("Environment", "Command")


def _endpoints(tree: Tree) -> list[Endpoint]:
    found = [
        Endpoint(service[1], text(at(one, "VpcEndpointType")) in ("", "Gateway"))
        for one in find(tree, "AWS::EC2::VPCEndpoint")
        if (service := ENDPOINT_SERVICE.search(text(at(one, "ServiceName"))))
    ]
    return sorted(set(found), key=lambda one: one.name)


def _names(*without: str) -> Callable[[list[Resource]], tuple[str, ...]]:
    def lines(resources: list[Resource]) -> tuple[str, ...]:
        return (listed([words(one.name, *without) for one in resources], MOST_NAMES),) if resources else ()

    return lines


def _counted(one: str, several: str = "") -> Callable[[list[Resource]], tuple[str, ...]]:
    return lambda resources: (count(len(resources), one, several),) if resources else ()


def _namespaces(resources: list[Resource]) -> tuple[str, ...]:
    return tuple(text(at(one, "Name")) or words(one.name) for one in resources)


def _log_groups(resources: list[Resource]) -> tuple[str, ...]:
    days = {text(at(one, "RetentionInDays")) for one in resources} - {""}
    number = (count(len(resources), "log group"),) if resources else ()
    return (*number, f"kept {count(int(days.pop()), 'day')}") if len(days) == 1 else number


def _alarms(resources: list[Resource]) -> tuple[str, ...]:
    topics = [one for one in resources if one.kind == "AWS::SNS::Topic"]
    alarms = len(resources) - len(topics)
    return tuple(count(number, name) for number, name in ((len(topics), "topic"), (alarms, "alarm")) if number)


# Key, title, types of resources, names of endpoints, and what is said of the resources.
SERVICES: tuple[tuple[str, str, tuple[str, ...], tuple[str, ...], Callable[[list[Resource]], tuple[str, ...]]], ...] = (
    (QUEUES, "SQS", (QUEUE,), ("sqs",), _counted("queue")),
    ("s3", "S3", ("AWS::S3::Bucket",), ("s3",), _names("Bucket")),
    ("ecr", "ECR", ("AWS::ECR::Repository",), ("ecr.api", "ecr.dkr"), _names()),
    ("secrets", "Secrets Manager", ("AWS::SecretsManager::Secret",), ("secretsmanager",), _counted("secret")),
    ("logs", "CloudWatch Logs", ("AWS::Logs::LogGroup",), ("logs",), _log_groups),
    (
        "names",
        "Cloud Map",
        ("AWS::ServiceDiscovery::PrivateDnsNamespace", "AWS::ServiceDiscovery::HttpNamespace"),
        ("servicediscovery", "data-servicediscovery"),
        _namespaces,
    ),
    ("keys", "KMS", ("AWS::KMS::Key",), ("kms",), _counted("key")),
    ("alarms", "SNS alarms", ("AWS::SNS::Topic", "AWS::CloudWatch::Alarm"), (), _alarms),
)

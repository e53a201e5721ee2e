"""Rules of templates as such: descriptions, parameters, sizes, names, tags."""

import re
from collections.abc import Iterator
from typing import Any

from tests.house_rules.house import Body, House, Violation, said, walk

# https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/cloudformation-limits.html
MOST_BYTES = 1_000_000
MOST_BYTES_UNSTORED = 51_200
MOST = {"Resources": 500, "Parameters": 200, "Outputs": 200, "Mappings": 200}
# The foundation is made before there is a bucket that a template could be in.
UNSTORED = {"foundation.yml"}
LONGEST_DESCRIPTION = 1024
# Longest names and texts that AWS takes, and with which characters.
LIMITS: dict[tuple[str, str], tuple[int, str]] = {
    ("EC2::SecurityGroup", "GroupDescription"): (255, r"[\w .:/()#,@\[\]+=&;{}!$*-]+"),
    ("ECS::TaskDefinition", "Family"): (255, r"[A-Za-z0-9_-]+"),
    ("ECS::Service", "ServiceName"): (255, r"[A-Za-z0-9_-]+"),
    ("ECS::Cluster", "ClusterName"): (255, r"[A-Za-z0-9_-]+"),
    ("ElasticLoadBalancingV2::LoadBalancer", "Name"): (32, r"[A-Za-z0-9-]+"),
    ("ElasticLoadBalancingV2::TargetGroup", "Name"): (32, r"[A-Za-z0-9-]+"),
    ("Logs::LogGroup", "LogGroupName"): (512, r"[\w./#-]+"),
    ("KMS::Alias", "AliasName"): (256, r"alias/[A-Za-z0-9/_-]+"),
    ("SQS::Queue", "QueueName"): (80, r"[A-Za-z0-9_-]+"),
    ("ServiceDiscovery::PrivateDnsNamespace", "Name"): (253, r"[a-z0-9.-]+"),
    ("ServiceDiscovery::Service", "Name"): (63, r"[a-z0-9-]+"),
    ("RDS::DBSubnetGroup", "DBSubnetGroupDescription"): (255, r".+"),
    ("RDS::DBParameterGroup", "Description"): (255, r".+"),
    ("RDS::DBClusterParameterGroup", "Description"): (255, r".+"),
    ("CloudWatch::Alarm", "AlarmName"): (255, r".+"),
    ("CloudWatch::Alarm", "AlarmDescription"): (1024, r".+"),
    ("SNS::Topic", "TopicName"): (256, r"[A-Za-z0-9_-]+"),
    ("ApplicationAutoScaling::ScalingPolicy", "PolicyName"): (256, r".+"),
    ("SecretsManager::Secret", "Description"): (2048, r".+"),
}
RULE_TEXT = re.compile(r"[\w .:/()#,@\[\]+=&;{}!$*-]{1,255}")
# What the console shows by its Name tag alone.
NAMED_BY_TAG = ("EC2::VPC", "EC2::Subnet", "EC2::RouteTable", "EC2::InternetGateway", "EC2::NatGateway",
                "EC2::EIP", "EC2::SecurityGroup")  # fmt: skip


def descriptions(house: House) -> Iterator[Violation]:
    """Every template, parameter and output says what it is."""
    for file, body in house.bodies.items():
        text = body.get("Description", "")
        if not text or len(text) > LONGEST_DESCRIPTION:
            yield Violation(file, "Description", f"is missing or longer than {LONGEST_DESCRIPTION}")
    for section in ("Parameters", "Outputs"):
        for file, name, body in house.section(section):
            if not body.get("Description"):
                yield Violation(file, name, "has no description")


def rule_descriptions(house: House) -> Iterator[Violation]:
    """Every rule of a security group says what it is for, in characters that AWS takes."""
    for resource in house.resources("EC2::SecurityGroup", "EC2::SecurityGroupIngress", "EC2::SecurityGroupEgress"):
        found = resource.properties
        inline = [*found.get("SecurityGroupIngress", []), *found.get("SecurityGroupEgress", [])]
        for rule in inline if resource.type == "EC2::SecurityGroup" else [found]:
            if not RULE_TEXT.fullmatch(rule.get("Description", "")):
                yield resource.breaks(f"a rule says {rule.get('Description')!r}")


def parameters(house: House) -> Iterator[Violation]:
    """Parameters are texts or lists of them, and each is used."""
    used = {file: references(body) for file, body in house.bodies.items()}
    for file, name, body in house.section("Parameters"):
        if body["Type"] not in ("String", "CommaDelimitedList"):
            yield Violation(file, name, f"is a {body['Type']}: nested change sets stumble on it")
        if name not in used[file]:
            yield Violation(file, name, "is not used")


def conditions(house: House) -> Iterator[Violation]:
    """Every condition is used."""
    for file, name, _ in house.section("Conditions"):
        if not re.search(rf'"(Condition|Fn::If)": (\[)?"{name}"', said(house.bodies[file])):
            yield Violation(file, name, "is not used")


def references(body: Body) -> set[str]:
    """Everything that a template refers to by Ref or Sub."""
    found = set()
    for path, value in walk({**body, "Parameters": {}}):
        if path[-1:] == ("Ref",):
            found.add(value)
        elif "Fn::Sub" in path and isinstance(value, str):
            found.update(re.findall(r"\$\{(\w+)", value))
    return found


def couplings(house: House) -> Iterator[Violation]:
    """Stacks are tied by the root alone; no list is taken apart that another stack has put together."""
    for file, body in house.bodies.items():
        for name, one in body.get("Outputs", {}).items():
            if "Export" in one:
                yield Violation(file, name, "is exported, which locks both stacks")
        for name, argument in _calls(body, "Fn::ImportValue", "Fn::Split"):
            yield Violation(file, name, f"takes apart or imports {said(argument)}")
        for name, argument in _calls(body, "Fn::Select"):
            if "Fn::GetAZs" not in said(argument):
                yield Violation(file, name, f"selects from {said(argument)}")


def _calls(value: Any, *functions: str) -> Iterator[tuple[str, Any]]:
    if isinstance(value, dict):
        for key, one in value.items():
            if key in functions:
                yield key, one
            yield from _calls(one, *functions)
    elif isinstance(value, list):
        for one in value:
            yield from _calls(one, *functions)


def children(house: House) -> Iterator[Violation]:
    """Every nested stack is a file beside the root, and every file but root and foundation is one."""
    named = set()
    for resource in house.resources("CloudFormation::Stack"):
        named.add(resource.properties["TemplateURL"])
        if resource.properties["TemplateURL"] not in house.bodies:
            yield resource.breaks("its template is not there")
    for file in sorted(set(house.bodies) - named - {"root.yml", "foundation.yml"}):
        yield Violation(file, "Description", "belongs to no stack")


def sizes(house: House) -> Iterator[Violation]:
    """CloudFormation takes every template."""
    for file, text in house.texts.items():
        most = MOST_BYTES_UNSTORED if file in UNSTORED else MOST_BYTES
        if len(text.encode()) >= most:
            yield Violation(file, "Description", f"has {len(text.encode())} bytes; {most} are too many")
        for section, count in MOST.items():
            if len(house.bodies[file].get(section, {})) > count:
                yield Violation(file, section, f"are more than {count}")


def names(house: House) -> Iterator[Violation]:
    """AWS takes every name and description."""
    for resource in house.resources():
        if not re.fullmatch(r"[A-Za-z0-9]{1,255}", resource.name):
            yield resource.breaks("is no logical id")
        for (kind, key), (most, pattern) in LIMITS.items():
            value = resource.properties.get(key)
            if kind != resource.type or not isinstance(value, str):
                continue
            if len(value) > most or not re.fullmatch(pattern, value):
                yield resource.breaks(f"{key} {value!r} is longer than {most} or has other characters")


def tags(house: House) -> Iterator[Violation]:
    """The stack tags everything; what the console shows by a Name tag alone has one, which AWS takes."""
    for resource in house.resources():
        given = resource.properties.get("Tags", [])
        pairs = given.items() if isinstance(given, dict) else [(tag["Key"], tag["Value"]) for tag in given]
        found = dict(pairs)
        if resource.type in NAMED_BY_TAG and not found.get("Name"):
            yield resource.breaks("has no Name tag")
        for key, value in found.items():
            if key.lower().startswith("aws:") or len(key) > 128 or (isinstance(value, str) and len(value) > 256):
                yield resource.breaks(f"AWS refuses the tag {key}")
            if key in house.settings.all_tags:
                yield resource.breaks(f"the stack gives the tag {key}")


RULES = (
    descriptions,
    rule_descriptions,
    parameters,
    conditions,
    couplings,
    children,
    sizes,
    names,
    tags,
)

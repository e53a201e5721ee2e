"""Every kind of network with every broker, deployed to the AWS inside this machine; its services are asked."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from deployer.aws import Aws, connect
from deployer.cloudformation.stacks import StackNames
from deployer.deploying import deployment
from deployer.destroying import destruction
from deployer.tools import Tools
from generator.config import source
from generator.config.environments import judged, overlay
from generator.config.settings import Settings
from generator.render import render, write
from local import embedded_aws
from local.embedded_aws import Endpoint
from local.layout import Layout
from tests.integration.commands import make
from tests.integration.test_deploy import everything

HEAD = "serviceName: net\nowner: data\nretainData: false\nwhitelistedIPs: [192.0.2.7/32]\nenvironments: {test: {}}\n"
NETWORKS = {
    "public": "network: {mode: public}\n",
    "private": "network: {mode: private, natGateways: perZone, flowLogs: true}\n",
    "isolated": "network: {mode: isolated, endpointZones: all}\n",
    "isolated-facing": "network: {mode: isolated}\nloadBalancer: {scheme: internet-facing}\n",
}
BROKERS = ("valkey", "redis", "sqs")
ENDPOINTS = {"s3", "ecr.api", "ecr.dkr", "logs", "secretsmanager", "ssmmessages"}


@dataclass(frozen=True)
class Account:
    """The AWS inside this machine, asked service by service."""

    endpoint: Endpoint

    @property
    def aws(self) -> Aws:
        """What the deployer speaks to."""
        return connect(self.endpoint.session(), self.endpoint.url)

    def ask(self, service: str, question: str, **about: Any) -> dict[str, Any]:
        session: Any = self.endpoint.session()
        answer: dict[str, Any] = getattr(session.client(service, endpoint_url=self.endpoint.url), question)(**about)
        return answer

    def ways_out(self, subnet: str) -> set[str]:
        """Where the default route of a subnet leads: `igw`, `nat`, or nowhere."""
        tables = self.ask("ec2", "describe_route_tables")["RouteTables"]
        mine = [each for each in tables if any(a.get("SubnetId") == subnet for a in each["Associations"])]
        routes = [route for table in mine for route in table["Routes"]]
        return {
            (route.get("NatGatewayId") or route.get("GatewayId") or "?").partition("-")[0]
            for route in routes
            if route.get("DestinationCidrBlock") == "0.0.0.0/0"
        }


@pytest.fixture(scope="module")
def account(clone: Path) -> Iterator[Account]:
    make(clone, ".venv/ready")
    layout = Layout(clone)
    yield Account(embedded_aws.start(layout, lambda _: None))
    embedded_aws.stop(layout)


def settings_of(text: str) -> Settings:
    return judged(overlay(source.parse(text, "service.yml"), "test"))[0]


def deployed(account: Account, settings: Settings, folder: Path) -> Mapping[str, str]:
    write(render(settings), folder)
    names = StackNames(settings.service_name, settings.environment)
    desired = deployment.Desired(names, folder, {"Image": "example@sha256:0"}, settings.all_tags)
    operation = deployment.deploy(Tools(account.aws), desired, lambda _: True)
    while True:
        try:
            next(operation)
        except StopIteration as end:
            outputs: Mapping[str, str] = end.value.root.outputs
            return outputs


def removed(account: Account, settings: Settings) -> None:
    names = StackNames(settings.service_name, settings.environment)
    for _ in destruction.destroy(Tools(account.aws), names, lambda _: True):
        pass


@pytest.mark.parametrize("broker", BROKERS)
@pytest.mark.parametrize("network", NETWORKS)
def test_what_is_deployed_is_what_was_asked_for(account: Account, tmp_path: Path, network: str, broker: str) -> None:
    before = everything(account.endpoint)
    settings = settings_of(f"{HEAD}{NETWORKS[network]}celeryBackend: {{engine: {broker}}}\n")
    outputs = deployed(account, settings, tmp_path / "templates")
    try:
        _check(account, settings, outputs)
    finally:
        removed(account, settings)
    assert everything(account.endpoint) == before


@pytest.mark.parametrize("broker", BROKERS)
def test_a_network_that_is_there_is_used_and_left(account: Account, tmp_path: Path, broker: str) -> None:
    others = {each["VpcId"] for each in account.ask("ec2", "describe_vpcs")["Vpcs"]}
    vpc = account.ask("ec2", "create_vpc", CidrBlock="10.9.0.0/16")["Vpc"]["VpcId"]
    subnets = [
        account.ask("ec2", "create_subnet", VpcId=vpc, CidrBlock=f"10.9.{number}.0/24")["Subnet"]["SubnetId"]
        for number in range(4)
    ]
    table = account.ask("ec2", "create_route_table", VpcId=vpc)["RouteTable"]["RouteTableId"]
    before = everything(account.endpoint)
    existing = (
        f"network: {{mode: existing, existing: {{vpcId: {vpc}, vpcCidr: 10.9.0.0/16, createEndpoints: true,"
        f" taskSubnetIds: [{subnets[0]}, {subnets[1]}], databaseSubnetIds: [{subnets[0]}, {subnets[1]}],"
        f" loadBalancerSubnetIds: [{subnets[2]}, {subnets[3]}], routeTableIds: [{table}]}}}}\n"
        "loadBalancer: {scheme: internal}\n"
        "service: {scheduler: {desiredCount: 2}}\n"
        f"celeryBackend: {{engine: {broker}}}\n"
    )
    settings = settings_of(HEAD + existing)
    outputs = deployed(account, settings, tmp_path / "templates")
    try:
        services = _services(account, outputs)
        assert {subnet for each in services for subnet in each["subnets"]} == set(subnets[:2])
        balancer = account.ask("elbv2", "describe_load_balancers")["LoadBalancers"][0]
        assert {zone["SubnetId"] for zone in balancer["AvailabilityZones"]} == set(subnets[2:])
        assert _endpoints(account) == ENDPOINTS | ({"sqs"} if settings.celery_backend.sqs else set())
        _check_broker(account, settings)
        assert sorted(_counts(account, outputs)) == [1, 1, 1, 1, 2], "the scheduler's count of the first deploy"
        assert {each["VpcId"] for each in account.ask("ec2", "describe_vpcs")["Vpcs"]} == others | {vpc}
    finally:
        removed(account, settings)
    assert everything(account.endpoint) == before


def _check(account: Account, settings: Settings, outputs: Mapping[str, str]) -> None:
    way_out = {"public": {"igw"}, "private": {"nat"}, "isolated": set()}[settings.network.mode]
    services = _services(account, outputs)
    assert len(services) == 5
    for service in services:
        assert service["assignPublicIp"] == ("ENABLED" if settings.network.mode == "public" else "DISABLED")
        for subnet in service["subnets"]:
            assert account.ways_out(subnet) == way_out
    database = account.ask("rds", "describe_db_instances")["DBInstances"][0]
    assert database["PubliclyAccessible"] is False
    for placed in database["DBSubnetGroup"]["Subnets"]:
        assert account.ways_out(placed["SubnetIdentifier"]) == way_out
    balancer = account.ask("elbv2", "describe_load_balancers")["LoadBalancers"][0]
    assert balancer["Scheme"] == ("internet-facing" if settings.internet_facing else "internal")
    for zone in balancer["AvailabilityZones"]:
        assert account.ways_out(zone["SubnetId"]) == ({"igw"} if settings.internet_facing else set())
    wanted = ENDPOINTS if settings.makes_endpoints else {"s3"}
    assert _endpoints(account) == wanted | (
        {"sqs"} if settings.makes_endpoints and settings.celery_backend.sqs else set()
    )
    _check_broker(account, settings)


def _check_broker(account: Account, settings: Settings) -> None:
    groups = account.ask("elasticache", "describe_replication_groups")["ReplicationGroups"]
    queues = account.ask("sqs", "list_queues").get("QueueUrls", [])
    if settings.celery_backend.sqs:
        assert groups == []
        assert len(queues) == 1
        return
    assert queues == []
    (group,) = groups
    assert group["TransitEncryptionEnabled"] is True
    assert group["AuthTokenEnabled"] is True
    (member,) = group["MemberClusters"]
    (node,) = account.ask("elasticache", "describe_cache_clusters", CacheClusterId=member)["CacheClusters"]
    assert node["Engine"] == settings.celery_backend.engine


def _services(account: Account, outputs: Mapping[str, str]) -> list[dict[str, Any]]:
    return [each["networkConfiguration"]["awsvpcConfiguration"] for each in _described(account, outputs)]


def _counts(account: Account, outputs: Mapping[str, str]) -> list[int]:
    return [each["desiredCount"] for each in _described(account, outputs)]


def _described(account: Account, outputs: Mapping[str, str]) -> list[dict[str, Any]]:
    cluster = outputs["ClusterName"]
    arns = account.ask("ecs", "list_services", cluster=cluster)["serviceArns"]
    found: list[dict[str, Any]] = account.ask("ecs", "describe_services", cluster=cluster, services=arns)["services"]
    return found


def _endpoints(account: Account) -> set[str]:
    """Services with an endpoint; each interface endpoint answers to the service's own name."""
    found = account.ask("ec2", "describe_vpc_endpoints")["VpcEndpoints"]
    for each in found:
        assert each["VpcEndpointType"] == "Gateway" or each["PrivateDnsEnabled"] is True
    return {each["ServiceName"].split(".", 3)[3] for each in found}

"""What is read from templates: a change of theirs is a change of the picture."""

from typing import Any

import pytest

from generator.diagram.model import ENDPOINTS, QUEUES, Architecture, Kind, Reach, Tier
from generator.diagram.reading import picture
from generator.diagram.reading.words import words
from tests.generator.diagram import deployed
from tests.generator.diagram.deployed import Wanted, ingress, ref, resource, templates


def read(wanted: Wanted | None = None) -> Architecture:
    return of(templates(wanted))


def of(bodies: dict[str, Any]) -> Architecture:
    return picture.read(deployed.text(bodies))


def reached(architecture: Architecture, target: str) -> dict[str, str]:
    """Labels by the name of what may connect to what is named `target`."""
    names = {ENDPOINTS: ENDPOINTS, QUEUES: QUEUES}
    names |= {service.key: service.name for service in architecture.services}
    names |= {store.key: store.name for store in architecture.stores}
    names |= {balancer.key: balancer.name for balancer in architecture.load_balancers}
    return {names[one.source]: one.label for one in architecture.reaches if names[one.target] == target}


def test_tiers_are_told_from_routes() -> None:
    subnets = read().network.subnets
    assert {subnet.tier for subnet in subnets if subnet.name.startswith("Private")} == {Tier.PRIVATE}
    assert {subnet.tier for subnet in subnets if subnet.name.startswith("Public")} == {Tier.PUBLIC}
    assert {subnet.tier for subnet in subnets if subnet.name.startswith("Isolated")} == {Tier.ISOLATED}
    private = next(subnet for subnet in subnets if subnet.name == "Private subnet 2")
    assert (private.zone, private.cidr) == ("zone 2", "10.0.17.0/24")


def test_without_its_nat_gateway_a_subnet_is_isolated() -> None:
    network = read(Wanted(nats=0)).network
    assert network.nat_subnets == ()
    assert Tier.PRIVATE not in {subnet.tier for subnet in network.subnets}


def test_a_zone_may_be_named_by_its_letter() -> None:
    bodies = templates()
    bodies["network.yml"]["Resources"]["PublicSubnet1"]["Properties"]["AvailabilityZone"] = {
        "Fn::Sub": "${AWS::Region}b"
    }
    assert next(one for one in of(bodies).network.subnets if one.name == "Public subnet 1").zone == "zone b"


def test_an_existing_network_is_known_by_its_ids() -> None:
    network = read(Wanted(existing=True)).network
    assert network.existing
    assert network.name == "vpc-0a1b2c3d4e5f60718"
    assert {subnet.tier for subnet in network.subnets} == {Tier.EXISTING}
    assert len(network.subnets) == 6
    assert all(subnet.key.startswith("subnet-") for subnet in network.subnets)


def test_the_load_balancer() -> None:
    (balancer,) = read().load_balancers
    assert balancer.lines == ("internet-facing · HTTPS 443 · HTTP 80 redirects", "airflow.example.com")
    assert balancer.entrance == "HTTPS 443"
    assert balancer.allowed == ("203.0.113.0/24", "198.51.100.7/32")
    assert read(Wanted(scheme="internal")).load_balancers[0].lines[0].startswith("internal")


def test_who_is_let_in_may_be_a_list_of_prefixes_or_a_foreign_group() -> None:
    bodies = templates(Wanted(allowed=()))
    assert of(bodies).load_balancers[0].allowed == ()
    bodies["firewall.yml"]["Resources"]["LoadBalancerGroup"]["Properties"]["SecurityGroupIngress"] = [
        {"IpProtocol": "tcp", "FromPort": 443, "ToPort": 443, "SourcePrefixListId": "pl-0123"},
        {"IpProtocol": "tcp", "FromPort": 443, "ToPort": 443, "SourceSecurityGroupId": "sg-0123"},
    ]
    assert of(bodies).load_balancers[0].allowed == ("prefix list pl-0123", "group sg-0123")


def test_load_balancers_lead_to_services_by_listeners_and_target_groups() -> None:
    assert reached(read(), "Webserver")["Load balancer"] == "HTTP 8080"
    assert reached(read(), "Flower")["Load balancer"] == "HTTP 5555"
    bodies = templates()
    del bodies["load_balancer.yml"]["Resources"]["FlowerRule"]
    assert "Load balancer" not in reached(of(bodies), "Flower")


def test_services() -> None:
    services = {service.name: service for service in read().services}
    assert services["Scheduler"].tasks == "2 tasks"
    assert services["Heavy workers"].size == "4 vCPU · 16 GB"
    assert services["Heavy workers"].tasks == "1 to 10 tasks"
    assert services["Spot workers"].capacity == "Fargate Spot"
    assert [name for name, service in services.items() if service.is_worker] == list(services)[-3:]
    assert services["Webserver"].ports == (8080,)
    assert not services["Webserver"].public_address


def test_capacity_may_be_the_clusters_choice() -> None:
    bodies = templates()
    service = bodies["services.yml"]["Resources"]["SchedulerService"]["Properties"]
    del service["LaunchType"]
    bodies["services.yml"]["Resources"]["Cluster"]["Properties"]["DefaultCapacityProviderStrategy"] = [
        {"CapacityProvider": "FARGATE", "Base": 1, "Weight": 0},
        {"CapacityProvider": "FARGATE_SPOT", "Weight": 4},
        {"CapacityProvider": "mine", "Weight": 0},
    ]
    task = bodies["services.yml"]["Resources"]["SchedulerTaskDefinition"]["Properties"]
    task["RuntimePlatform"] = {"CpuArchitecture": "ARM64"}
    scheduler = next(one for one in of(bodies).services if one.name == "Scheduler")
    assert scheduler.capacity == "Fargate + Fargate Spot · ARM"


def test_a_service_may_be_scaled_by_its_name() -> None:
    bodies = templates()
    bodies["services.yml"]["Resources"]["SchedulerService"]["Properties"]["ServiceName"] = "air-scheduler"
    bodies["scaling.yml"]["Resources"]["More"] = resource(
        "ApplicationAutoScaling::ScalableTarget", MinCapacity=2, MaxCapacity=3, ResourceId="service/air/air-scheduler"
    )
    assert next(one for one in of(bodies).services if one.name == "Scheduler").tasks == "2 to 3 tasks"


def test_tasks_may_come_and_go_by_the_clock() -> None:
    bodies = templates()
    target = bodies["scaling.yml"]["Resources"]["WorkersTarget"]["Properties"]
    target |= {"MaxCapacity": 1, "ScheduledActions": [{"Schedule": "cron(0 7 ? * MON-FRI *)"}]}
    assert next(one for one in of(bodies).services if one.name == "Workers").tasks == "1 task by the clock"


def test_the_number_of_the_first_deploy_stands_in_a_tag() -> None:
    bodies = templates()
    service = bodies["services.yml"]["Resources"]["WebserverService"]["Properties"]
    del service["DesiredCount"]
    assert next(one for one in of(bodies).services if one.name == "Webserver").tasks == "1 task"
    service["Tags"] = [{"Key": "DesiredCount", "Value": "3"}]
    assert next(one for one in of(bodies).services if one.name == "Webserver").tasks == "3 tasks"


def test_stores() -> None:
    database, broker = read().stores
    assert (database.kind, broker.kind) == (Kind.DATABASE, Kind.BROKER)
    assert database.lines == ("PostgreSQL 17 · db.m7g.large", "Multi-AZ: standby in a second zone · 100 GB gp3")
    assert broker.lines == ("Valkey 8.0 · cache.m7g.large", "2 nodes · automatic failover · TLS")
    assert read(Wanted(broker="redis")).stores[1].lines[0].startswith("Redis")


def test_aurora_is_one_database_with_instances() -> None:
    database, _ = read(Wanted(aurora=True)).stores
    assert database.name == "Metadata database"
    assert database.lines == ("Aurora PostgreSQL 17.4", "serverless, 0.5 to 4 ACU · 2 instances")
    assert set(reached(read(Wanted(aurora=True)), "Metadata database").values()) == {"TCP 5432"}


def test_rules_of_security_groups_say_who_reaches_whom() -> None:
    workers = {"Workers", "Heavy workers", "Spot workers"}
    assert set(reached(read(), "Broker")) == {"Scheduler", *workers}
    assert reached(read(), "Triggerer") == {"Webserver": "TCP 8794"}
    assert "Flower" not in reached(read(), "Metadata database")


def test_a_rule_more_is_an_arrow_more() -> None:
    bodies = templates()
    bodies["firewall.yml"]["Resources"]["More"] = ingress("FlowerGroup", "BrokerGroup", 6379)
    before, after = read(), of(bodies)
    (more,) = set(after.reaches) - set(before.reaches)
    keys = {service.name: service.key for service in before.services}
    assert more == Reach(keys["Flower"], before.stores[1].key, "TCP 6379")


def test_a_service_is_reached_on_no_port_that_it_does_not_listen_on() -> None:
    bodies = templates()
    bodies["firewall.yml"]["Resources"]["More"] = ingress("FlowerGroup", "TriggererGroup", 22)
    assert of(bodies).reaches == read().reaches


@pytest.mark.parametrize(
    ("rule", "label"),
    [
        ({"IpProtocol": "-1"}, "any port"),
        ({"IpProtocol": "tcp", "FromPort": 5555, "ToPort": 6000}, "TCP 5555 to 6000"),
        ({"IpProtocol": "tcp", "FromPort": "5555", "ToPort": "5555"}, "TCP 5555"),
    ],
)
def test_ports_of_a_rule(rule: dict[str, Any], label: str) -> None:
    bodies = templates()
    firewall = bodies["firewall.yml"]["Resources"]
    firewall["More"] = resource(
        "EC2::SecurityGroupIngress",
        GroupId=ref("FlowerGroup"),
        SourceSecurityGroupId=ref("SchedulerGroup"),
        **rule,
    )
    assert reached(of(bodies), "Flower")["Scheduler"] == label


def test_a_store_that_others_may_reach_says_so() -> None:
    bodies = templates()
    bodies["firewall.yml"]["Resources"]["More"] = resource(
        "EC2::SecurityGroupIngress", GroupId=ref("DatabaseGroup"), CidrIp="192.168.0.0/16", IpProtocol="-1"
    )
    assert "open to 192.168.0.0/16" in of(bodies).stores[0].lines


def test_a_rule_for_the_whole_network_is_for_every_service() -> None:
    bodies = templates()
    bodies["firewall.yml"]["Resources"]["More"] = resource(
        "EC2::SecurityGroupIngress",
        GroupId=ref("BrokerGroup"),
        CidrIp="10.0.0.0/16",
        IpProtocol="tcp",
        FromPort=6379,
        ToPort=6379,
    )
    changed = of(bodies)
    assert set(reached(changed, "Broker")) == {service.name for service in changed.services}
    assert changed.stores[1].lines == read().stores[1].lines


def test_endpoints_are_known_by_the_service_that_they_lead_to() -> None:
    services = {service.name: [one.name for one in service.endpoints] for service in read().regional}
    assert services["ECR"] == ["ecr.api", "ecr.dkr"]
    assert services["KMS"] == []
    assert services["Other services"] == ["ssmmessages"]
    assert {one.name for one in read().endpoints if one.gateway} == {"s3"}
    assert set(reached(read(), ENDPOINTS).values()) == {"TCP 443"}


def test_regional_services_are_counted() -> None:
    lines = {service.name: service.lines for service in read().regional}
    assert lines["Secrets Manager"] == ("2 secrets",)
    assert lines["CloudWatch Logs"] == ("1 log group", "kept 30 days")
    assert lines["SNS alarms"] == ("1 topic", "1 alarm")
    assert lines["S3"] == ("Templates, Logs",)
    assert lines["Cloud Map"] == ("air-prod.internal",)
    assert "SQS" not in lines


def test_queues_are_reached_by_who_is_told_of_them() -> None:
    architecture = read(Wanted(broker="sqs", groups=("Workers",)))
    assert set(reached(architecture, QUEUES)) == {"Scheduler", "Workers"}
    assert [store.kind for store in architecture.stores] == [Kind.DATABASE]


def test_what_nobody_knows_is_left_out() -> None:
    bodies = templates()
    bodies["storage.yml"]["Resources"] |= {
        "New": resource("Quantum::Computer", SubnetIds={"Fn::Weird": [{"Ref": "Nobody"}]}),
        "Bare": {"Type": "AWS::ECS::Express"},
        "Custom": {"Type": "Custom::Thing", "Properties": [1, 2]},
    }
    assert of(bodies) == read()


@pytest.mark.parametrize("kind", ["ECS::Service", "EC2::Subnet", "RDS::DBInstance", "EC2::VPCEndpoint", "EC2::Route"])
def test_a_resource_without_properties_does_no_harm(kind: str) -> None:
    bodies = templates()
    bodies["storage.yml"]["Resources"]["Bare"] = {"Type": f"AWS::{kind}"}
    of(bodies)


def test_no_templates_are_an_empty_picture() -> None:
    assert picture.read({}).services == ()
    assert picture.read({"empty.yml": ""}).title == ""


@pytest.mark.parametrize(
    ("name", "without", "expected"),
    [
        ("DagProcessorService", "Service", "Dag processor"),
        ("Service", "Service", "Service"),
        ("WorkersGPU2Service", "Service", "Workers GPU 2"),
        ("LogsBucket", "Bucket", "Logs"),
        ("", "Bucket", ""),
    ],
)
def test_logical_ids_as_words(name: str, without: str, expected: str) -> None:
    assert words(name, without) == expected

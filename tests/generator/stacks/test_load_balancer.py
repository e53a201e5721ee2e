"""The load balancer: its doors, what is behind them, HTTPS, the address that people open, its logs."""

import json
from typing import Any

import pytest

from generator.airflow.components import Component, components
from generator.config.tasks import Task
from generator.stacks import load_balancer
from generator.stacks.load_balancer import doors
from generator.stacks.nesting import joined
from tests.generator.stacks.alone import Body, alone, output, policies, properties, settings_with, skipped
from tests.models.resources import Place, Resource, resources

ARN = "arn:aws:acm:us-east-1:111122223333:certificate/abc"
NAMED = {"domainName": "airflow.example.com", "hostedZoneId": "Z0123456789"}
FLOWER = {"flower": {"enabled": True}}


def rendered(overrides: dict[str, Any] | None = None) -> Body:
    settings = settings_with(overrides)
    further = {door.name: f"sg-{door.name}" for door in doors(components(settings), settings) if door.name != "front"}
    inputs = load_balancer.Inputs("vpc-1", joined(["subnet-1", "subnet-2"]), "sg-front", further)
    return alone(load_balancer.build, inputs, settings)


def listeners(body: Body) -> dict[int, dict[str, Any]]:
    """Listeners by port."""
    every = [one["Properties"] for one in body["Resources"].values() if one["Type"].endswith("::Listener")]
    return {one["Port"]: one for one in every}


def attributes(body: Body) -> dict[str, Any]:
    return {one["Key"]: one["Value"] for one in properties(body, "LoadBalancer")["LoadBalancerAttributes"]}


@pytest.mark.parametrize(
    ("overrides", "expected"),
    [
        ({}, {80: "webserver"}),
        ({"service": {"port": 8000}}, {8000: "webserver"}),
        ({"service": FLOWER}, {80: "webserver", 5555: "flower"}),
        ({"https": {"certificateArn": ARN}}, {443: "webserver", 80: None}),
        ({"https": {"certificateArn": ARN}, "service": {"port": 80}}, {80: "webserver"}),
        ({"https": NAMED, "service": FLOWER}, {443: "webserver", 5555: "flower", 80: None}),
    ],
)
def test_doors(overrides: dict[str, Any], expected: dict[int, str | None]) -> None:
    settings = settings_with(overrides)
    found = doors(components(settings), settings)
    assert {door.port: door.leads_to.name if door.leads_to else None for door in found} == expected
    assert set(listeners(rendered(overrides))) == set(expected)


def test_a_component_that_nobody_knows_yet_gets_a_door_at_its_port() -> None:
    settings = settings_with()
    gate = Component("gate", "gate", (), Task(), 9000, in_front=True)
    assert doors([*components(settings), gate], settings)[-1] == load_balancer.Door("gate", 9000, gate)


def test_each_door_leads_to_targets_that_are_asked_for_their_health() -> None:
    body = rendered({"service": {**FLOWER, "webserver": {"port": 8081}}})
    for port, name, inside, path in (
        (80, "Webserver", 8081, "/api/v2/version"),
        (5555, "Flower", 5555, "/healthcheck"),
    ):
        (action,) = listeners(body)[port]["DefaultActions"]
        assert action == {"Type": "forward", "TargetGroupArn": {"Ref": f"{name}Targets"}}
        targets = properties(body, f"{name}Targets")
        assert (targets["Port"], targets["HealthCheckPath"], targets["TargetType"]) == (inside, path, "ip")
        assert output(body, f"{name}TargetGroupArn") == {"Ref": f"{name}Targets"}


def test_without_https_every_door_is_http_and_says_why() -> None:
    body = rendered({"service": FLOWER})
    assert {one["Protocol"] for one in listeners(body).values()} == {"HTTP"}
    assert {"CKV_AWS_2", "CKV_AWS_103"} == skipped(body, "Listener80") == skipped(body, "Listener5555")


@pytest.mark.parametrize(("https", "certificate"), [({"certificateArn": ARN}, ARN), (NAMED, {"Ref": "Certificate"})])
def test_with_https_every_door_has_the_certificate_new_tls_and_hsts(https: dict[str, str], certificate: Any) -> None:
    found = listeners(rendered({"https": https, "service": FLOWER}))
    for port in (443, 5555):
        assert found[port]["Protocol"] == "HTTPS"
        assert found[port]["Certificates"] == [{"CertificateArn": certificate}]
        assert found[port]["SslPolicy"].startswith("ELBSecurityPolicy-TLS13-1-2-")
        (header,) = found[port]["ListenerAttributes"]
        assert header["Key"] == "routing.http.response.strict_transport_security.header_value"
        assert int(header["Value"].removeprefix("max-age=")) >= 31536000


@pytest.mark.parametrize(("port", "to"), [(None, "443"), (8443, "8443")])
def test_http_is_sent_to_https(port: int | None, to: str) -> None:
    found = listeners(rendered({"https": {"certificateArn": ARN}, "service": {"port": port}}))
    assert found[80]["Protocol"] == "HTTP"
    (action,) = found[80]["DefaultActions"]
    assert action["RedirectConfig"] == {"Protocol": "HTTPS", "Port": to, "StatusCode": "HTTP_301"}


def test_a_certificate_is_made_only_where_none_is_given() -> None:
    made = properties(rendered({"https": NAMED}), "Certificate")
    assert made["DomainName"] == "airflow.example.com"
    assert made["ValidationMethod"] == "DNS"
    assert made["DomainValidationOptions"] == [{"DomainName": "airflow.example.com", "HostedZoneId": "Z0123456789"}]
    assert "Certificate" not in rendered({"https": {**NAMED, "certificateArn": ARN}})["Resources"]


def records(body: Body, partition: str) -> list[Resource]:
    made = resources({"root.yml": json.dumps(body)}, Place("REGION", partition))
    return [one for one in made if one.type == "AWS::Route53::RecordSet"]


@pytest.mark.parametrize("partition", ["aws", "aws-cn"])
def test_the_name_is_an_alias_of_the_load_balancer(partition: str) -> None:
    (record,) = records(rendered({"https": {**NAMED, "certificateArn": ARN}}), partition)
    assert record.properties["Type"] == "A"
    assert record.properties["Name"] == "airflow.example.com"
    assert record.properties["AliasTarget"] == {
        "DNSName": "root.LoadBalancer.DNSName",
        "HostedZoneId": "root.LoadBalancer.CanonicalHostedZoneID",
    }


def test_in_gov_cloud_where_no_alias_leads_to_a_load_balancer_it_is_another_name() -> None:
    (record,) = records(rendered({"https": NAMED}), "aws-us-gov")
    assert record.properties["Type"] == "CNAME"
    assert record.properties["ResourceRecords"] == ["root.LoadBalancer.DNSName"]


def test_without_a_zone_there_is_no_record() -> None:
    assert records(rendered({"https": {"certificateArn": ARN, "domainName": "a.example.com"}}), "aws") == []


@pytest.mark.parametrize(
    ("overrides", "url"),
    [
        ({}, "http://NAME"),
        ({"service": {"port": 8000}}, "http://NAME:8000"),
        ({"https": {"certificateArn": ARN}}, "https://NAME"),
        ({"https": {"certificateArn": ARN}, "service": {"port": 8443}}, "https://NAME:8443"),
        ({"https": NAMED}, "https://airflow.example.com"),
        ({"https": NAMED, "service": {"port": 8443}}, "https://airflow.example.com:8443"),
        ({"https": NAMED, "service": {"baseUrl": "https://other.example.com/air"}}, "https://other.example.com/air"),
    ],
)
def test_the_address_that_people_open(overrides: dict[str, Any], url: str) -> None:
    value = output(rendered(overrides), "Url")
    parts = [value] if isinstance(value, str) else value["Fn::Join"][1]
    assert "".join("NAME" if isinstance(part, dict) else part for part in parts) == url


@pytest.mark.parametrize(
    ("overrides", "scheme"),
    [
        ({}, "internet-facing"),
        ({"network": {"mode": "isolated"}}, "internal"),
        ({"network": {"mode": "isolated"}, "loadBalancer": {"scheme": "internet-facing"}}, "internet-facing"),
        ({"loadBalancer": {"scheme": "internal"}}, "internal"),
    ],
)
def test_who_may_come(overrides: dict[str, Any], scheme: str) -> None:
    assert properties(rendered(overrides), "LoadBalancer")["Scheme"] == scheme


def test_every_door_has_its_security_group() -> None:
    groups = properties(rendered({"https": NAMED, "service": FLOWER}), "LoadBalancer")["SecurityGroups"]
    names = ["LoadBalancerSecurityGroupId", "FlowerEntranceSecurityGroupId", "RedirectEntranceSecurityGroupId"]
    assert [group["Ref"] for group in groups] == names


def test_invalid_headers_are_dropped_and_silence_ends_a_connection() -> None:
    found = attributes(rendered({"loadBalancer": {"idleTimeout": 90}}))
    assert found["routing.http.drop_invalid_header_fields.enabled"] == "true"
    assert found["idle_timeout.timeout_seconds"] == "90"


def test_requests_are_logged_on_request_to_a_bucket_that_may_be_written_to_before() -> None:
    without = rendered()
    assert not [name for name in attributes(without) if name.startswith("access_logs")]
    assert "CKV_AWS_91" in skipped(without, "LoadBalancer")
    body = rendered({"loadBalancer": {"accessLogs": True}, "kms": {"customerKey": True}})
    assert attributes(body)["access_logs.s3.enabled"] == "true"
    assert attributes(body)["access_logs.s3.bucket"] == {"Ref": "AccessLogsBucket"}
    assert body["Resources"]["LoadBalancer"]["DependsOn"] == "AccessLogsBucketPolicy"
    assert policies(body, "AccessLogsBucket") == ("Retain", "Retain")
    (rule,) = properties(body, "AccessLogsBucket")["BucketEncryption"]["ServerSideEncryptionConfiguration"]
    assert rule["ServerSideEncryptionByDefault"] == {"SSEAlgorithm": "AES256"}
    statements = properties(body, "AccessLogsBucketPolicy")["PolicyDocument"]["Statement"]
    (written,) = [one for one in statements if one["Effect"] == "Allow"]
    assert written["Principal"] == {"Service": "logdelivery.elasticloadbalancing.amazonaws.com"}
    assert written["Action"] == ["s3:PutObject"]
    path = "arn:${AWS::Partition}:s3:::${AccessLogsBucket}/AWSLogs/${AWS::AccountId}/*"
    assert written["Resource"] == [{"Fn::Sub": path}]


def test_a_port_keeps_its_listener_when_https_comes() -> None:
    """A listener with another name would be made at a port that the old one still holds, which is refused."""

    def names(body: Body) -> dict[int, str]:
        of_listeners = [name for name, one in body["Resources"].items() if one["Type"].endswith("::Listener")]
        return {properties(body, name)["Port"]: name for name in of_listeners}

    before, after = names(rendered()), names(rendered({"https": {"certificateArn": ARN}}))
    assert before[80] == after[80] != after[443]


def test_a_load_balancer_of_the_other_scheme_has_targets_of_its_own() -> None:
    names = [
        {name for name in rendered({"loadBalancer": {"scheme": scheme}})["Resources"] if "Targets" in name}
        for scheme in ("internal", "internet-facing")
    ]
    assert names[0]
    assert names[1]
    assert not names[0] & names[1]

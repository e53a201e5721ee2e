"""How a browser comes in: a zone, a certificate, a balancer that speaks TLS and sends plain text there."""

from typing import Any

from tests.integration.embedded_aws.catalogue.topic import Question, Topic, resource, tags
from tests.integration.embedded_aws.templates import att, ref

LOG_IN = {
    "Issuer": "https://i",
    "AuthorizationEndpoint": "https://i/a",
    "TokenEndpoint": "https://i/t",
    "UserInfoEndpoint": "https://i/u",
    "ClientId": "c",
    "ClientSecret": "s",
}


def traffic(now: int) -> Topic:
    takes = ("VpcId", "SubnetA", "SubnetB", "GroupId")
    servers = {"Fn::Join": [".,", att("Zone", "NameServers")]}
    resources = {**_names(now), **_balancer(now), **_listeners(now)}
    return Topic(resources, _questions(now), takes, gives={"Servers": servers})


def _names(now: int) -> dict[str, Any]:
    return {
        "Zone": resource(
            "AWS::Route53::HostedZone",
            Name="trial.example.com",
            HostedZoneConfig={"Comment": f"c{now}"},
            HostedZoneTags=tags(now=now, **{f"only{now}": 1}),
        ),
        "Certificate": resource(
            "AWS::CertificateManager::Certificate",
            DomainName="trial.example.com",
            ValidationMethod="DNS",
            DomainValidationOptions=[{"DomainName": "trial.example.com", "HostedZoneId": ref("Zone")}],
            Tags=tags(now=now),
        ),
        "Record": resource(
            "AWS::Route53::RecordSet",
            HostedZoneId=ref("Zone"),
            Name="trial.example.com",
            Type="A",
            AliasTarget={
                "DNSName": att("Balancer", "DNSName"),
                "HostedZoneId": att("Balancer", "CanonicalHostedZoneID"),
                "EvaluateTargetHealth": now == 2,
            },
        ),
    }


def _balancer(now: int) -> dict[str, Any]:
    attributes = {
        "access_logs.s3.enabled": "true",
        "access_logs.s3.bucket": "some-bucket",
        "idle_timeout.timeout_seconds": f"{60 * now}",
    }
    return {
        "Balancer": resource(
            "AWS::ElasticLoadBalancingV2::LoadBalancer",
            Scheme="internal",
            Subnets=[ref("SubnetA"), ref("SubnetB")],
            SecurityGroups=[ref("GroupId")],
            LoadBalancerAttributes=_pairs(attributes),
            Tags=tags(now=now),
        ),
        "Targets": resource(
            "AWS::ElasticLoadBalancingV2::TargetGroup",
            Port=8080,
            Protocol="HTTP",
            TargetType="ip",
            VpcId=ref("VpcId"),
            Matcher={"HttpCode": "200-399"},
            HealthCheckPath=f"/{now}",
            TargetGroupAttributes=_pairs({"deregistration_delay.timeout_seconds": f"{30 * now}"}),
        ),
    }


def _listeners(now: int) -> dict[str, Any]:
    redirect = {"Protocol": "HTTPS", "Port": "443", "StatusCode": "HTTP_301"}
    forward = {"Type": "forward", "TargetGroupArn": ref("Targets"), "Order": 2}
    conditions = [
        {"Field": "path-pattern", "PathPatternConfig": {"Values": ["/a", "/a/*"]}},
        {"Field": "source-ip", "SourceIpConfig": {"Values": ["10.0.0.0/8"]}},
    ]
    return {
        "Plain": resource(
            "AWS::ElasticLoadBalancingV2::Listener",
            LoadBalancerArn=ref("Balancer"),
            Port=80,
            Protocol="HTTP",
            DefaultActions=[{"Type": "redirect", "RedirectConfig": redirect}],
        ),
        "Secure": resource(
            "AWS::ElasticLoadBalancingV2::Listener",
            LoadBalancerArn=ref("Balancer"),
            Port=443,
            Protocol="HTTPS",
            Certificates=[{"CertificateArn": ref("Certificate")}],
            SslPolicy=f"ELBSecurityPolicy-TLS13-1-{now}-2021-06",
            DefaultActions=[forward],
            ListenerAttributes=_pairs({"routing.http.response.server.enabled": str(now == 2).lower()}),
        ),
        "Rule": resource(
            "AWS::ElasticLoadBalancingV2::ListenerRule",
            ListenerArn=ref("Secure"),
            Priority=now,
            Conditions=conditions,
            Actions=[{"Type": "authenticate-oidc", "Order": 1, "AuthenticateOidcConfig": LOG_IN}, forward],
        ),
    }


def _questions(now: int) -> list[Question]:
    def balancing(operation: str, about: str, where: str, expected: Any) -> Question:
        name, _, rest = about.partition(" ")
        return Question("elbv2", operation, {name: [rest] if name.endswith("s") else rest}, where, expected)

    def attribute(kind: str, about: str, key: str, value: str) -> Question:
        return balancing(f"describe_{kind}_attributes", about, f"Attributes[?Key=='{key}'].Value", [value])

    zones = "AvailabilityZones[].[ZoneName, SubnetId]"
    server = "routing.http.response.server.enabled"
    return [
        Question("route53", "get_hosted_zone", {"Id": "<Zone.Id>"}, "HostedZone.Config.Comment", f"c{now}"),
        Question(
            "route53",
            "list_tags_for_resource",
            {"ResourceType": "hostedzone", "ResourceId": "<Zone>"},
            "ResourceTagSet.Tags[?Key=='now' || starts_with(Key, 'only')].[Key, Value]",
            [["now", f"{now}"], [f"only{now}", "1"]],
        ),
        Question("route53", "get_hosted_zone", {"Id": "<Zone>"}, "join(',', DelegationSet.NameServers)", "<Servers>."),
        Question(
            "route53",
            "list_resource_record_sets",
            {"HostedZoneId": "<Zone>"},
            "ResourceRecordSets[?Type=='A'] | [0].[Name, AliasTarget.[DNSName, HostedZoneId, EvaluateTargetHealth]]",
            ["<Record>", ["<Balancer.DNSName>.", "<Balancer.CanonicalHostedZoneID>", now == 2]],
        ),
        Question(
            "acm",
            "describe_certificate",
            {"CertificateArn": "<Certificate>"},
            "Certificate.[Status, DomainName, DomainValidationOptions[0].ValidationMethod]",
            ["ISSUED", "trial.example.com", "DNS"],
        ),
        balancing("describe_load_balancers", "LoadBalancerArns <Balancer>", "LoadBalancers[0].Scheme", "internal"),
        balancing(
            "describe_load_balancers",
            "LoadBalancerArns <Balancer.LoadBalancerArn>",
            f"LoadBalancers[0].[DNSName, SecurityGroups, {zones}]",
            ["<Balancer.DNSName>", ["<GroupId>"], [["us-east-1a", "<SubnetA>"], ["us-east-1b", "<SubnetB>"]]],
        ),
        attribute("load_balancer", "LoadBalancerArn <Balancer>", "access_logs.s3.bucket", "some-bucket"),
        attribute("load_balancer", "LoadBalancerArn <Balancer>", "idle_timeout.timeout_seconds", f"{60 * now}"),
        balancing(
            "describe_target_groups",
            "TargetGroupArns <Targets>",
            "TargetGroups[0].[TargetGroupName, HealthCheckPath, Matcher.HttpCode, LoadBalancerArns]",
            ["<Targets.TargetGroupName>", f"/{now}", "200-399", ["<Balancer>"]],
        ),
        attribute("target_group", "TargetGroupArn <Targets>", "deregistration_delay.timeout_seconds", f"{30 * now}"),
        balancing(
            "describe_listeners",
            "ListenerArns <Plain>",
            "Listeners[0].DefaultActions[0].[Type, RedirectConfig.[Protocol, Port, StatusCode]]",
            ["redirect", ["HTTPS", "443", "HTTP_301"]],
        ),
        balancing(
            "describe_listeners",
            "ListenerArns <Secure.ListenerArn>",
            "Listeners[0].[Protocol, Certificates[0].CertificateArn, SslPolicy]",
            ["HTTPS", "<Certificate>", f"ELBSecurityPolicy-TLS13-1-{now}-2021-06"],
        ),
        attribute("listener", "ListenerArn <Secure>", server, str(now == 2).lower()),
        balancing(
            "describe_rules",
            "RuleArns <Rule.RuleArn>",
            "Rules[0].[Priority, Conditions[0].PathPatternConfig.Values, Conditions[1].SourceIpConfig.Values]",
            [f"{now}", ["/a", "/a/*"], ["10.0.0.0/8"]],
        ),
        balancing(
            "describe_rules",
            "RuleArns <Rule>",
            "Rules[0].Actions[].[Type, AuthenticateOidcConfig.[Issuer, ClientId, ClientSecret], TargetGroupArn]",
            [["authenticate-oidc", ["https://i", "c", None], None], ["forward", None, "<Targets>"]],
        ),
    ]


def _pairs(values: dict[str, str]) -> list[dict[str, str]]:
    return [{"Key": key, "Value": value} for key, value in values.items()]

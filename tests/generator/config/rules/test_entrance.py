"""Rules of the way in: each speaks of its key and says what to write."""

import pytest

from tests.generator.config.cases import arn
from tests.generator.config.rules.shown import NO_HTTPS, Shown, service, speaks

SHOWN: list[Shown] = [
    ("nobody-may-enter", {"whitelistedIPs": []}, "whitelistedIPs", "curl https://checkip.amazonaws.com"),
    ("everybody-may-enter", {"whitelistedIPs": ["10.0.0.0/8", "0.0.0.0/0"]}, "whitelistedIPs[1]", "whole internet"),
    ("no-https", NO_HTTPS, "https", "passwords"),
    ("zone-without-domain", {"https": {"domainName": ""}}, "https.hostedZoneId", "https.domainName"),
    ("zone-cannot-validate", {"region": "us-gov-west-1"}, "https.hostedZoneId", "GovCloud has no public zones"),
    ("domain-without-certificate", {"https": {"hostedZoneId": ""}}, "https.domainName", "unencrypted"),
    (
        "certificate-without-domain",
        {"https": {"hostedZoneId": "", "domainName": "", "certificateArn": arn("acm", "certificate/1")}},
        "https.certificateArn",
        "browsers will complain",
    ),
    ("base-url-differs", service(baseUrl="http://localhost:8080"), "service.baseUrl", "the reader's own machine"),
    ("base-url-differs", service(baseUrl="http://air.example.com"), "service.baseUrl", "write https://"),
    ("base-url-differs", NO_HTTPS | service(baseUrl="https://air.example.com"), "service.baseUrl", "no certificate"),
    (
        "ports-clash",
        service(flower={"enabled": True, "port": 443}),
        "service.flower.port",
        "443 is the port of the web interface",
    ),
    ("https-on-http-port", service(port=80), "service.port", "443"),
    ("icp-filing", {"region": "cn-north-1"}, "service.port", "ICP filing"),
]


@pytest.mark.parametrize("shown", SHOWN, ids=lambda shown: f"{shown[0]}: {shown[2]}")
def test_a_rule_speaks_of_its_key(shown: Shown) -> None:
    speaks(shown)

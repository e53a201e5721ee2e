"""The certificate and the hosted zone of the web interface."""

from __future__ import annotations

import pytest

from deployer.preflight.entrance import certificate, covers, hosted_zone
from deployer.preflight.wanted import Wanted
from tests.deployer.preflight.scripted import STACK, Answer, found
from tests.deployer.scripted_clients import RefusedError

ARN = "arn:aws:acm:eu-west-1:123456789012:certificate/one"


def acm(status: str = "ISSUED", *names: str) -> dict[str, dict[str, Answer]]:
    described = {
        "CertificateArn": ARN,
        "DomainName": "air.example.com",
        "SubjectAlternativeNames": ["air.example.com", *names],
        "Status": status,
    }
    return {"acm": {"describe_certificate": {"Certificate": described}}}


def wanted(domain: str = "", arn: str = ARN) -> Wanted:
    return Wanted(STACK, certificate=arn, domain=domain)


def test_an_issued_certificate_for_the_name() -> None:
    assert found(certificate, wanted("air.example.com"), acm()) == []
    assert found(certificate, wanted(), acm()) == []
    assert found(certificate, Wanted(STACK), {}) == []


def test_a_certificate_of_another_region() -> None:
    (line,) = found(certificate, wanted(arn=ARN.replace("eu-west-1", "us-east-1")), {})
    assert line == (
        "error: https.certificateArn: the certificate is of us-east-1, and a load balancer takes those of its own"
        " region, eu-west-1; request or import it there"
    )


def test_a_certificate_that_is_not_issued() -> None:
    (line,) = found(certificate, wanted(), acm("PENDING_VALIDATION"))
    assert line == (
        "error: https.certificateArn: the certificate is in PENDING_VALIDATION, and a load balancer takes issued ones;"
        " make the DNS record that proves the domain is yours, and wait until it is issued"
    )


def test_a_certificate_that_is_not_there() -> None:
    gone = {"acm": {"describe_certificate": RefusedError("ResourceNotFoundException", "no such certificate")}}
    assert found(certificate, wanted(), gone) == [
        f"error: https.certificateArn: there is no certificate {ARN} in this account; correct the ARN, or request one"
    ]


def test_a_certificate_for_another_name() -> None:
    assert found(certificate, wanted("flow.example.com"), acm("ISSUED", "air.example.com", "*.other.com")) == [
        "warning: https.domainName: the certificate is for *.other.com, air.example.com, not for flow.example.com;"
        " browsers will refuse it: use a certificate for that name"
    ]


@pytest.mark.parametrize(
    ("name", "domain", "does"),
    [
        ("air.example.com", "air.example.com", True),
        ("*.example.com", "air.example.com", True),
        ("*.example.com", "a.air.example.com", False),
        ("*.example.com", "example.com", False),
    ],
)
def test_a_star_stands_for_one_label(name: str, domain: str, *, does: bool) -> None:
    assert covers([name], domain) is does


def zone(name: str = "example.com.", *, private: bool = False) -> dict[str, dict[str, Answer]]:
    hosted = {"Id": "/hostedzone/Z1", "Name": name, "CallerReference": "r", "Config": {"PrivateZone": private}}
    return {"route53": {"get_hosted_zone": {"HostedZone": hosted}}}


def test_a_public_zone_in_which_the_name_lies() -> None:
    assert found(hosted_zone, Wanted(STACK, hosted_zone="Z1", domain="air.example.com"), zone()) == []
    assert found(hosted_zone, Wanted(STACK, hosted_zone="Z1", domain="example.com"), zone()) == []
    assert found(hosted_zone, Wanted(STACK), {}) == []


def test_a_name_of_another_zone() -> None:
    assert found(hosted_zone, Wanted(STACK, hosted_zone="Z1", domain="anexample.com"), zone()) == [
        "error: https.domainName: anexample.com does not lie in the zone example.com (Z1);"
        " write a name that ends in .example.com, or the zone that it lies in"
    ]


def test_a_private_zone_proves_no_certificate() -> None:
    private = Wanted(STACK, hosted_zone="Z1", domain="air.example.com")
    (line,) = found(hosted_zone, private, zone(private=True))
    assert line.startswith("error: https.hostedZoneId: Z1 is a private zone")
    with_own = Wanted(STACK, hosted_zone="Z1", domain="air.example.com", certificate=ARN)
    assert found(hosted_zone, with_own, zone(private=True)) == []


def test_a_zone_that_is_not_there() -> None:
    gone = {"route53": {"get_hosted_zone": RefusedError("NoSuchHostedZone", "No hosted zone found", 404)}}
    assert found(hosted_zone, Wanted(STACK, hosted_zone="Z1"), gone) == [
        "error: https.hostedZoneId: there is no hosted zone Z1 in this account; see `aws route53 list-hosted-zones`"
    ]

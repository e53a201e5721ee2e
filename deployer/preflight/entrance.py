"""The way in by HTTPS: whether the certificate can be used, and whether the name lies in the zone."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from botocore.exceptions import ClientError

from deployer.errors import error_code
from deployer.preflight.findings import Finding, error, warning
from deployer.preflight.place import Place

_CERTIFICATE, _ZONE, _DOMAIN = "https.certificateArn", "https.hostedZoneId", "https.domainName"
_HINTS = {
    "PENDING_VALIDATION": "make the DNS record that proves the domain is yours, and wait until it is issued",
    "EXPIRED": "renew it, or import a new one",
}


def certificate(place: Place) -> Iterator[Finding]:
    """The certificate.

    https://docs.aws.amazon.com/acm/latest/APIReference/API_DescribeCertificate.html
    """
    arn = place.wanted.certificate
    if not arn:
        return
    region = arn.split(":")[3]
    if region != place.aws.region:
        what = f"the certificate is of {region}, and a load balancer takes those of its own region, {place.aws.region}"
        yield error(_CERTIFICATE, what, "request or import it there")
        return
    try:
        found = place.aws.acm.describe_certificate(CertificateArn=arn)["Certificate"]
    except ClientError as trouble:
        if error_code(trouble) != "ResourceNotFoundException":
            raise
        yield error(_CERTIFICATE, f"there is no certificate {arn} in this account", "correct the ARN, or request one")
        return
    status = found.get("Status", "")
    if status != "ISSUED":
        what = f"the certificate is in {status}, and a load balancer takes issued ones"
        yield error(_CERTIFICATE, what, _HINTS.get(status, "choose another one"))
    names = [*found.get("SubjectAlternativeNames", []), found.get("DomainName", "")]
    if place.wanted.domain and not covers(names, place.wanted.domain):
        what = f"the certificate is for {', '.join(sorted({*names}))}, not for {place.wanted.domain}"
        yield warning(_DOMAIN, what, "browsers will refuse it: use a certificate for that name")


def hosted_zone(place: Place) -> Iterator[Finding]:
    """The hosted zone of the name.

    https://docs.aws.amazon.com/Route53/latest/APIReference/API_GetHostedZone.html
    """
    wanted = place.wanted
    if not wanted.hosted_zone:
        return
    try:
        zone = place.aws.route53.get_hosted_zone(Id=wanted.hosted_zone)["HostedZone"]
    except ClientError as trouble:
        if error_code(trouble) != "NoSuchHostedZone":
            raise
        what = f"there is no hosted zone {wanted.hosted_zone} in this account"
        yield error(_ZONE, what, "see `aws route53 list-hosted-zones`")
        return
    name = zone["Name"].rstrip(".")
    if wanted.domain and wanted.domain != name and not wanted.domain.endswith(f".{name}"):
        what = f"{wanted.domain} does not lie in the zone {name} ({wanted.hosted_zone})"
        yield error(_DOMAIN, what, f"write a name that ends in .{name}, or the zone that it lies in")
    if zone.get("Config", {}).get("PrivateZone") and not wanted.certificate:
        # https://docs.aws.amazon.com/acm/latest/userguide/dns-validation.html
        what = f"{wanted.hosted_zone} is a private zone, in which AWS cannot see the record that proves a certificate"
        yield error(_ZONE, what, "name a public zone, or a certificate that you have (https.certificateArn)")


def covers(names: Sequence[str], domain: str) -> bool:
    """Whether a certificate for these names is one for the domain; `*` stands for one label."""
    parent = domain.partition(".")[2]
    return domain in names or f"*.{parent}" in names

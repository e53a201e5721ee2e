"""Rules of the way in: who may open the web interface, under which address, and how well it is protected."""

from ipaddress import IPv4Network
from urllib.parse import urlsplit

from generator.config.fields import ANYWHERE
from generator.config.findings import Found, Level, rule
from generator.config.settings import HTTP, HTTPS, Settings

MY_ADDRESS = "curl https://checkip.amazonaws.com"
LOOPBACK = IPv4Network("127.0.0.0/8")
# https://docs.amazonaws.cn/en_us/aws/latest/userguide/introduction.html (ICP filing, and the ports that wait for it)
FILED_PORTS = (HTTP, HTTPS, 8080, 8443)


def _open_to_others(settings: Settings) -> bool:
    """Whether anybody but this machine itself may come, over the internet."""
    networks = map(IPv4Network, settings.whitelisted_ips)
    return settings.internet_facing and not all(network.subnet_of(LOOPBACK) for network in networks)


@rule(Level.WARNING)
def nobody_may_enter(settings: Settings) -> Found:
    """The allow list is empty: nobody can open the web interface."""
    if not settings.whitelisted_ips:
        what = f"is empty: nobody can open the web interface; add your address with /32 behind it ({MY_ADDRESS})"
        yield ("whitelistedIPs",), what


@rule(Level.WARNING)
def everybody_may_enter(settings: Settings) -> Found:
    """The allow list holds the whole internet: a password is all that protects Airflow."""
    for index, text in enumerate(settings.whitelisted_ips):
        if IPv4Network(text) == IPv4Network(ANYWHERE) and settings.internet_facing:
            what = f"lets the whole internet try passwords; write your networks instead (yours: {MY_ADDRESS})"
            yield ("whitelistedIPs", index), what


@rule(Level.WARNING)
def no_https(settings: Settings) -> Found:
    """The web interface is opened over the internet without encryption: passwords can be read on the way."""
    if _open_to_others(settings) and not settings.https.enabled:
        what = "without HTTPS, passwords cross the internet readably; write https.certificateArn, or https.domainName"
        yield ("https",), f"{what} and https.hostedZoneId"


@rule(Level.ERROR)
def zone_without_domain(settings: Settings) -> Found:
    """A hosted zone is given and no name in it: there is nothing to make a record or a certificate for."""
    if settings.https.hosted_zone_id and not settings.https.domain_name:
        yield ("https", "hostedZoneId"), "needs https.domainName: the name in it that people shall open"


@rule(Level.WARNING)
def domain_without_certificate(settings: Settings) -> Found:
    """A name is given, with neither a certificate nor a zone to make one in."""
    https = settings.https
    if https.domain_name and not https.enabled:
        what = "there is neither https.certificateArn nor https.hostedZoneId to make one: people will open it"
        yield ("https", "domainName"), f"{what} unencrypted, and the record is yours to make"


@rule(Level.ERROR)
def zone_cannot_validate(settings: Settings) -> Found:
    """In GovCloud hosted zones are private: a certificate that shall be validated in one is never issued."""
    https = settings.https
    if settings.region.startswith("us-gov-") and https.hosted_zone_id and not https.certificate_arn:
        what = "GovCloud has no public zones to validate a certificate in; write https.certificateArn"
        yield ("https", "hostedZoneId"), what


@rule(Level.WARNING)
def certificate_without_domain(settings: Settings) -> Found:
    """A certificate is given and no name: browsers will complain of the load balancer's own name."""
    if settings.https.certificate_arn and not settings.https.domain_name and not settings.service.base_url:
        what = "without https.domainName browsers will complain: no certificate holds the load balancer's own name"
        yield ("https", "certificateArn"), what


@rule(Level.WARNING)
def base_url_differs(settings: Settings) -> Found:
    """service.baseUrl and the load balancer do not speak of the same thing."""
    url = urlsplit(settings.service.base_url)
    if not url.scheme:
        return
    path = ("service", "baseUrl")
    local = url.hostname == "localhost" or (url.hostname or "").startswith("127.")
    if local and _open_to_others(settings):
        yield path, f"{url.geturl()} is the reader's own machine; remove it, and the load balancer's address is used"
    elif settings.https.enabled and url.scheme == "http":
        yield path, f"{url.geturl()} is not encrypted, though HTTPS is on; write https://"
    elif not settings.https.enabled and url.scheme == "https":
        what = "is https, and the load balancer has no certificate: whatever stands before it must end the encryption"
        yield path, f"{url.geturl()} {what}"


@rule(Level.ERROR)
def ports_clash(settings: Settings) -> Found:
    """Web interface and Flower have one port of the load balancer."""
    flower = settings.service.flower
    if flower.enabled and flower.port == settings.front_port:
        what = f"{flower.port} is the port of the web interface, too; choose another for one of them"
        yield ("service", "flower", "port"), what


@rule(Level.WARNING)
def https_on_http_port(settings: Settings) -> Found:
    """HTTPS is served on port 80, where browsers speak HTTP."""
    if settings.https.enabled and settings.front_port == HTTP:
        yield ("service", "port"), "browsers speak HTTP on port 80; remove it, and HTTPS is on 443"


@rule(Level.WARNING)
def icp_filing(settings: Settings) -> Found:
    """In China web ports that are open to the internet need an ICP filing."""
    if settings.region.startswith("cn-") and settings.front_port in FILED_PORTS and _open_to_others(settings):
        what = f"port {settings.front_port} stays closed by law until an ICP filing is done; file, or choose another"
        yield ("service", "port"), what

"""The load balancer in front of the web interface: its doors, certificate, address and access logs."""

from collections.abc import Sequence
from dataclasses import dataclass

from troposphere import GetAtt, Join, Ref, Template
from troposphere.elasticloadbalancingv2 import (
    Action,
    Certificate,
    Listener,
    ListenerAttribute,
    LoadBalancer,
    LoadBalancerAttributes,
    Matcher,
    RedirectConfig,
    TargetGroup,
    TargetGroupAttribute,
)

from generator.airflow.components import Component, components
from generator.config.settings import HTTP, HTTPS, Settings
from generator.stacks.access_logs import POLICY, add_access_logs
from generator.stacks.data import accepted
from generator.stacks.domain import add_certificate, add_record
from generator.stacks.nesting import ByName, Value, Values

FRONT, REDIRECT = "front", "redirect"
# TLS 1.2 and 1.3 with forward secrecy and authenticated ciphers; in every partition.
# https://docs.aws.amazon.com/elasticloadbalancing/latest/application/describe-ssl-policies.html
# https://docs.amazonaws.cn/en_us/elasticloadbalancing/latest/application/describe-ssl-policies.html
TLS_POLICY = "ELBSecurityPolicy-TLS13-1-2-Res-2021-06"
YEAR = 365 * 24 * 60 * 60  # seconds


@dataclass(frozen=True)
class Inputs:
    """Where it stands, and a security group for each of its doors."""

    vpc_id: Value
    load_balancer_subnet_ids: Values
    load_balancer_security_group_id: Value
    entrance_security_group_id: ByName


@dataclass(frozen=True)
class Outputs:
    """The address that people open, and where each component that they reach is to be attached."""

    url: Value
    target_group_arn: ByName


@dataclass(frozen=True)
class Door:
    """A port that the load balancer listens on; what comes in goes to `leads_to`, or from HTTP to HTTPS."""

    name: str
    port: int
    leads_to: Component | None

    @property
    def listener(self) -> str:
        """Its listener's logical id. By port: when HTTPS comes or goes, the one at 80 changes what it does.

        With other names a new listener would be made at a port that the old one still holds, which is refused.
        https://github.com/aws/aws-cdk/issues/34235
        """
        return f"Listener{self.port}"


def doors(every: Sequence[Component], settings: Settings) -> list[Door]:
    """The front door leads to the first component that people reach; others have a door at their own port."""
    first, *others = [one for one in every if one.in_front and one.port]
    found = [Door(FRONT, settings.front_port, first)]
    found += [Door(one.name, one.port, one) for one in others if one.port]
    if settings.https.enabled and HTTP not in {door.port for door in found}:
        found.append(Door(REDIRECT, HTTP, None))
    return found


def build(template: Template, settings: Settings, inputs: Inputs) -> Outputs:
    """Load balancer: what people reach the web interface by, over HTTPS where there is a certificate."""
    balancer = template.add_resource(_balancer(template, settings, inputs))
    certificate = _certificate(template, settings)
    targets: dict[str, Value] = {}
    for door in doors(components(settings), settings):
        if door.leads_to:
            group = template.add_resource(_targets(door.leads_to, settings, inputs))
            targets[door.leads_to.name] = Ref(group)
            template.add_resource(_listener(door, Ref(balancer), Ref(group), certificate))
        else:
            template.add_resource(_redirect(door, Ref(balancer), settings))
    if settings.https.hosted_zone_id and settings.https.domain_name:
        add_record(template, settings, balancer)
    return Outputs(url=_url(settings, balancer), target_group_arn=targets)


def _url(settings: Settings, balancer: LoadBalancer) -> Value:
    if settings.service.base_url:
        return settings.service.base_url
    scheme, usual = ("https", HTTPS) if settings.https.enabled else ("http", HTTP)
    port = "" if settings.front_port == usual else f":{settings.front_port}"
    if settings.https.enabled and settings.https.domain_name:
        return f"https://{settings.https.domain_name}{port}"
    return Join("", [f"{scheme}://", GetAtt(balancer, "DNSName"), port])


def _certificate(template: Template, settings: Settings) -> Value | None:
    if not settings.https.enabled:
        return None
    return settings.https.certificate_arn or add_certificate(template, settings)


def _balancer(template: Template, settings: Settings, inputs: Inputs) -> LoadBalancer:
    """Return the load balancer, which drops headers that HTTP does not allow.

    https://docs.aws.amazon.com/elasticloadbalancing/latest/application/edit-load-balancer-attributes.html
    """
    attributes: dict[str, Value] = {
        "idle_timeout.timeout_seconds": str(settings.load_balancer.idle_timeout),
        "routing.http.drop_invalid_header_fields.enabled": "true",
    }
    balancer = LoadBalancer(
        "LoadBalancer",
        Type="application",
        Scheme="internet-facing" if settings.internet_facing else "internal",
        Subnets=inputs.load_balancer_subnet_ids,
        SecurityGroups=[inputs.load_balancer_security_group_id, *inputs.entrance_security_group_id.values()],
    )
    if settings.load_balancer.access_logs:
        attributes |= add_access_logs(template, settings)
        balancer.DependsOn = POLICY
    else:
        accepted(balancer, CKV_AWS_91="Requests are logged on request: loadBalancer.accessLogs: true")
    balancer.LoadBalancerAttributes = [
        LoadBalancerAttributes(Key=key, Value=value) for key, value in attributes.items()
    ]
    return balancer


def _targets(component: Component, settings: Settings, inputs: Inputs) -> TargetGroup:
    """Return where a component's tasks are attached; those that end get half a minute to answer what they began.

    A load balancer of the other scheme is a new one, and while the old one is there it holds its targets: the new one
    has its own. https://github.com/aws-cloudformation/cloudformation-coverage-roadmap/issues/780
    """
    return TargetGroup(
        f"{component.title}Targets{'' if settings.internet_facing else 'Internal'}",
        VpcId=inputs.vpc_id,
        Port=component.port,
        Protocol="HTTP",
        TargetType="ip",
        HealthCheckPath=component.health_path or "/",
        HealthCheckIntervalSeconds=15,
        HealthCheckTimeoutSeconds=10,
        HealthyThresholdCount=2,
        UnhealthyThresholdCount=5,
        Matcher=Matcher(HttpCode="200"),
        TargetGroupAttributes=[TargetGroupAttribute(Key="deregistration_delay.timeout_seconds", Value="30")],
    )


def _listener(door: Door, balancer: Value, targets: Value, certificate: Value | None) -> Listener:
    """Return what answers at a door; over HTTPS it tells browsers never to come without (HSTS).

    https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-properties-elasticloadbalancingv2-listener-listenerattribute.html
    """
    listener = Listener(
        door.listener,
        LoadBalancerArn=balancer,
        Port=door.port,
        Protocol="HTTPS" if certificate else "HTTP",
        DefaultActions=[Action(Type="forward", TargetGroupArn=targets)],
    )
    if certificate:
        listener.Certificates = [Certificate(CertificateArn=certificate)]
        listener.SslPolicy = TLS_POLICY
        listener.ListenerAttributes = _security_headers()
        return listener
    without = (
        "There is no certificate without a name; HTTPS by https.certificateArn, or https.hostedZoneId and domainName"
    )
    return accepted(listener, CKV_AWS_2=without, CKV_AWS_103=without)


def _security_headers() -> Sequence[ListenerAttribute]:
    key = "routing.http.response.strict_transport_security.header_value"
    return [ListenerAttribute(Key=key, Value=f"max-age={YEAR}")]


def _redirect(door: Door, balancer: Value, settings: Settings) -> Listener:
    action = RedirectConfig(Protocol="HTTPS", Port=str(settings.front_port), StatusCode="HTTP_301")
    return Listener(
        door.listener,
        LoadBalancerArn=balancer,
        Port=door.port,
        Protocol="HTTP",
        DefaultActions=[Action(Type="redirect", RedirectConfig=action)],
    )

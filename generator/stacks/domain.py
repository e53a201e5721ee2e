"""The name that people open: its record in Route 53, and a certificate made for it."""

from troposphere import Condition, Equals, GetAtt, Not, Ref, Template
from troposphere.certificatemanager import Certificate, DomainValidationOption
from troposphere.elasticloadbalancingv2 import LoadBalancer
from troposphere.route53 import RecordSetType
from troposphere.validators.route53 import AliasTarget

from generator.config.settings import Settings
from generator.stacks.nesting import Value
from generator.stacks.network import named

GOV_CLOUD = "InGovCloud"


def add_certificate(template: Template, settings: Settings) -> Value:
    """A certificate, proven by a record that CloudFormation writes to the zone, which must be a public one.

    https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-resource-certificatemanager-certificate.html
    """
    https = settings.https
    proof = DomainValidationOption(DomainName=https.domain_name, HostedZoneId=https.hosted_zone_id)
    certificate = template.add_resource(
        Certificate(
            "Certificate",
            DomainName=https.domain_name,
            ValidationMethod="DNS",
            DomainValidationOptions=[proof],
            Tags=named(settings, "certificate"),
        )
    )
    return Ref(certificate)


def add_record(template: Template, settings: Settings, balancer: LoadBalancer) -> None:
    """The record that leads from the name to the load balancer.

    In GovCloud there are private zones alone, and no alias may lead to a load balancer:
    https://docs.aws.amazon.com/govcloud-us/latest/UserGuide/govcloud-r53.html
    """
    https = settings.https
    template.add_condition(GOV_CLOUD, Equals(Ref("AWS::Partition"), "aws-us-gov"))
    template.add_condition("Elsewhere", Not(Condition(GOV_CLOUD)))
    template.add_resource(
        RecordSetType(
            "AliasRecord",
            Condition="Elsewhere",
            HostedZoneId=https.hosted_zone_id,
            Name=https.domain_name,
            Type="A",
            AliasTarget=AliasTarget(  # type: ignore[no-untyped-call]
                HostedZoneId=GetAtt(balancer, "CanonicalHostedZoneID"), DNSName=GetAtt(balancer, "DNSName")
            ),
        )
    )
    template.add_resource(
        RecordSetType(
            "NameRecord",
            Condition=GOV_CLOUD,
            HostedZoneId=https.hosted_zone_id,
            Name=https.domain_name,
            Type="CNAME",
            TTL="60",
            ResourceRecords=[GetAtt(balancer, "DNSName")],
        )
    )

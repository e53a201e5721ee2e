"""What AWS calls onwards in one's name, beside what CloudFormation's schema of a type lists."""

from __future__ import annotations

from collections.abc import Mapping

ONWARDS: Mapping[str, frozenset[str]] = {
    # A load balancer looks up the groups that it is given:
    # https://docs.aws.amazon.com/elasticloadbalancing/latest/userguide/elb-api-permissions.html
    # https://github.com/kubernetes-sigs/aws-load-balancer-controller/issues/3917
    "AWS::ElasticLoadBalancingV2::LoadBalancer": frozenset({"ec2:GetSecurityGroupsForVpc"}),
    # An endpoint that answers to the service's own name is entered into a zone of AWS's (a dependent action of
    # CreateVpcEndpoint): https://docs.aws.amazon.com/service-authorization/latest/reference/list_amazonec2.html
    "AWS::EC2::VPCEndpoint": frozenset({"route53:AssociateVPCWithHostedZone"}),
}
"""Actions by the type of resource whose making takes them."""

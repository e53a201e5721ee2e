"""Deploys the templates of these tests with boto3 alone, and asks every service what it holds."""

import hashlib
import json
import re
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from botocore.exceptions import ClientError

from local.embedded_aws import Endpoint
from tests.integration.embedded_aws.templates import Template, root

STACK = "trial"
SESSION: Any = Endpoint("", "us-east-1", "", Path()).session()  # one for all: it keeps the models it has read


@dataclass(frozen=True)
class Trial:
    endpoint: Endpoint
    root: Callable[[dict[str, str]], Template] = root
    """Wires the children, each named by the URL its template was put under."""
    _clients: dict[str, Any] = field(default_factory=dict)

    def client(self, service: str) -> Any:
        if service not in self._clients:
            self._clients[service] = SESSION.client(service, endpoint_url=self.endpoint.url)
        return self._clients[service]

    def create(self, children: dict[str, Template], **more: Any) -> dict[str, Any]:
        self.client("s3").create_bucket(Bucket="templates")
        self.client("cloudformation").create_stack(StackName=STACK, **self._what(children), **more)
        return self.wait(STACK)

    def update(self, children: dict[str, Template], **more: Any) -> dict[str, Any]:
        self.client("cloudformation").update_stack(StackName=STACK, **self._what(children), **more)
        return self.wait(STACK)

    def delete(self) -> dict[str, Any]:
        stack_id = self.stack(STACK)["StackId"]
        self.client("cloudformation").delete_stack(StackName=STACK)
        return self.wait(stack_id)

    def wait(self, name: str) -> dict[str, Any]:
        limit = time.monotonic() + 60
        while time.monotonic() < limit:
            stack = self.stack(name)
            if not stack["StackStatus"].endswith("_IN_PROGRESS"):
                return stack
            time.sleep(0.05)
        raise AssertionError(f"{name}: {stack['StackStatus']}")

    def stack(self, name: str) -> dict[str, Any]:
        found: dict[str, Any] = self.client("cloudformation").describe_stacks(StackName=name)["Stacks"][0]
        return found

    def child(self, logical_id: str) -> dict[str, Any]:
        resource = self.client("cloudformation").describe_stack_resource(StackName=STACK, LogicalResourceId=logical_id)[
            "StackResourceDetail"
        ]
        return self.stack(resource["PhysicalResourceId"])

    def events(self, name: str) -> list[tuple[str, str]]:
        """Logical ids and statuses, first one first."""
        told = self.client("cloudformation").describe_stack_events(StackName=name)["StackEvents"]
        return [(event["LogicalResourceId"], event["ResourceStatus"]) for event in reversed(told)]

    def complaints(self, name: str = STACK) -> list[str]:
        """Why resources failed, in nested stacks too."""
        told = []
        for event in self.client("cloudformation").describe_stack_events(StackName=name)["StackEvents"]:
            if event["ResourceStatus"].endswith("_FAILED"):
                reason = event.get("ResourceStatusReason", "")
                child = re.match(r"Embedded stack (\S+)", reason)
                told += self.complaints(child[1]) if child else [f"{event['LogicalResourceId']}: {reason}"]
        return told

    def outputs(self) -> dict[str, str]:
        return {output["OutputKey"]: output["OutputValue"] for output in self.stack(STACK)["Outputs"]}

    def secret(self, arn: str) -> str:
        value: str = self.client("secretsmanager").get_secret_value(SecretId=arn)["SecretString"]
        return value

    def services(self) -> dict[str, dict[str, Any]]:
        """ECS services by logical id."""
        ecs = self.client("ecs")
        cluster = self.outputs()["ClusterName"]
        names = ecs.list_services(cluster=cluster)["serviceArns"]
        found = ecs.describe_services(cluster=cluster, services=names, include=["TAGS"])["services"]
        return {service["serviceName"].rsplit("-", 1)[-1]: service for service in found}

    def definition(self, arn: str) -> dict[str, Any]:
        found: dict[str, Any] = self.client("ecs").describe_task_definition(taskDefinition=arn)["taskDefinition"]
        return found

    def _what(self, children: dict[str, Template]) -> dict[str, Any]:
        urls = {name: self._put(child) for name, child in children.items()}
        image = {"ParameterKey": "Image", "ParameterValue": "example/airflow:1"}
        return {"TemplateBody": json.dumps(self.root(urls)), "Parameters": [image], "Capabilities": ["CAPABILITY_IAM"]}

    def _put(self, child: Template) -> str:
        body = json.dumps(child).encode()
        key = f"{hashlib.sha256(body).hexdigest()}.json"
        self.client("s3").put_object(Bucket="templates", Key=key, Body=body)
        return f"{self.endpoint.url}/templates/{key}"

    def everything(self, asked: "list[Asked] | None" = None) -> dict[str, int]:
        """How many of each kind there are, whoever made them."""
        return {
            f"{service}.{member}": len(self._members(service, operation, member, more))
            for service, operation, member, more in asked or ASKED
        }

    def _members(self, service: str, operation: str, member: str, more: dict[str, Any]) -> list[Any]:
        try:
            members: list[Any] = getattr(self.client(service), operation)(**more).get(member, [])
        except ClientError as error:
            raise AssertionError(f"{service} {operation}: {error}") from error
        return members


Asked = tuple[str, str, str, dict[str, Any]]
"""A service, its operation, where the answer lists them, and what else to say."""

ASKED: list[Asked] = [
    ("cloudformation", "describe_stacks", "Stacks", {}),
    ("ec2", "describe_vpcs", "Vpcs", {}),
    ("ec2", "describe_subnets", "Subnets", {}),
    ("ec2", "describe_security_groups", "SecurityGroups", {}),
    ("ec2", "describe_security_group_rules", "SecurityGroupRules", {}),
    ("ec2", "describe_internet_gateways", "InternetGateways", {}),
    ("ec2", "describe_route_tables", "RouteTables", {}),
    ("ec2", "describe_addresses", "Addresses", {}),
    ("ec2", "describe_nat_gateways", "NatGateways", {}),
    ("ec2", "describe_vpc_endpoints", "VpcEndpoints", {}),
    ("s3", "list_buckets", "Buckets", {}),
    ("ecr", "describe_repositories", "repositories", {}),
    ("logs", "describe_log_groups", "logGroups", {}),
    ("secretsmanager", "list_secrets", "SecretList", {}),
    ("rds", "describe_db_instances", "DBInstances", {}),
    ("rds", "describe_db_snapshots", "DBSnapshots", {}),
    ("rds", "describe_db_subnet_groups", "DBSubnetGroups", {}),
    ("rds", "describe_db_parameter_groups", "DBParameterGroups", {}),
    ("elasticache", "describe_replication_groups", "ReplicationGroups", {}),
    ("elasticache", "describe_cache_clusters", "CacheClusters", {}),
    ("elasticache", "describe_cache_subnet_groups", "CacheSubnetGroups", {}),
    ("elasticache", "describe_cache_parameter_groups", "CacheParameterGroups", {}),
    ("iam", "list_roles", "Roles", {}),
    ("iam", "list_policies", "Policies", {"Scope": "Local"}),
    ("iam", "list_instance_profiles", "InstanceProfiles", {}),
    ("ecs", "list_clusters", "clusterArns", {}),
    ("ecs", "list_task_definitions", "taskDefinitionArns", {}),
    ("elbv2", "describe_load_balancers", "LoadBalancers", {}),
    ("elbv2", "describe_target_groups", "TargetGroups", {}),
    ("servicediscovery", "list_namespaces", "Namespaces", {}),
    ("servicediscovery", "list_services", "Services", {}),
    ("route53", "list_hosted_zones", "HostedZones", {}),
    ("application-autoscaling", "describe_scalable_targets", "ScalableTargets", {"ServiceNamespace": "ecs"}),
    ("application-autoscaling", "describe_scaling_policies", "ScalingPolicies", {"ServiceNamespace": "ecs"}),
    ("cloudwatch", "describe_alarms", "MetricAlarms", {}),
]

ASKED_OF_ALL: list[Asked] = [
    *ASKED,
    ("ec2", "describe_flow_logs", "FlowLogs", {}),
    ("logs", "describe_metric_filters", "metricFilters", {}),
    ("sqs", "list_queues", "QueueUrls", {}),
    ("sns", "list_topics", "Topics", {}),
    ("sns", "list_subscriptions", "Subscriptions", {}),
    ("kms", "list_aliases", "Aliases", {}),
    ("acm", "list_certificates", "CertificateSummaryList", {}),
    ("rds", "describe_db_clusters", "DBClusters", {}),
    ("rds", "describe_db_cluster_snapshots", "DBClusterSnapshots", {}),
    ("rds", "describe_db_cluster_parameter_groups", "DBClusterParameterGroups", {}),
    ("application-autoscaling", "describe_scheduled_actions", "ScheduledActions", {"ServiceNamespace": "ecs"}),
]
"""Also what the templates of most tests do not hold."""

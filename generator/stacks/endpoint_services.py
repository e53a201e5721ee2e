"""Which services of AWS are reached by VPC endpoints, and what those are called in each partition."""

from troposphere import FindInMap, Join, Ref, Sub, Template

from generator.config.settings import Settings
from generator.stacks.nesting import Value

GATEWAYS = ("s3", "dynamodb")
"""Services that have an endpoint in route tables, which costs nothing."""

# What Airflow's own tasks call: the image, logs, secrets, and the channel of ECS Exec.
# https://docs.aws.amazon.com/AmazonECR/latest/userguide/vpc-endpoints.html
# https://docs.aws.amazon.com/AmazonECS/latest/developerguide/ecs-exec.html#ecs-exec-considerations
ALWAYS = ("ecr.api", "ecr.dkr", "logs", "secretsmanager", "ssmmessages")

# Services whose endpoints are called cn.com.amazonaws.<region>.<service> in both regions of China; all others are
# com.amazonaws.<region>.<service>, as everywhere else. `aws ec2 describe-vpc-endpoint-services` tells; also
# https://docs.aws.amazon.com/cdk/api/v2/docs/aws-cdk-lib.aws_ec2.InterfaceVpcEndpointAwsService.html (its source).
# fmt: off
CHINESE = frozenset({
    "application-autoscaling", "athena", "autoscaling", "backup", "batch", "cassandra", "cloudcontrolapi",
    "cloudformation", "databrew", "dms", "ebs", "ec2", "ecr.api", "ecr.dkr", "eks", "elasticache", "elasticbeanstalk",
    "elasticfilesystem", "elasticfilesystem-fips", "emr-containers", "execute-api", "fsx", "imagebuilder", "iot.data",
    "kinesis-streams", "lambda", "license-manager", "monitoring", "rds", "redshift", "redshift-data", "sagemaker.api",
    "sagemaker.featurestore-runtime", "sagemaker.runtime", "securityhub", "servicecatalog", "sqs", "states", "sts",
    "sync-states", "synthetics", "transcribe", "transcribestreaming", "transfer", "xray",
})
# fmt: on
CALLED_OTHERWISE_IN_CHINA = {"transcribe": "transcribe.cn"}


def interface_services(settings: Settings) -> list[str]:
    """Services with an endpoint in subnets: those that a task without a way out needs, and those of service.yml."""
    if not (settings.own_network or settings.makes_endpoints):
        return []
    needed = needed_services(settings) if settings.makes_endpoints else []
    more = [name for name in settings.network.endpoints if name not in GATEWAYS]
    return sorted({*needed, *more})


def needed_services(settings: Settings) -> list[str]:
    """Services that Airflow's own tasks call, beside S3."""
    found = [*ALWAYS]
    if settings.celery_backend.sqs:
        found.append("sqs")
    if settings.kms.customer:
        found.append("kms")
    if any(reference.split(":")[2] == "ssm" for reference in settings.airflow.secrets.values()):
        found.append("ssm")
    return found


def service_name(template: Template, service: str) -> Value:
    """What the endpoint service is called where the template is deployed."""
    if service not in CHINESE:
        return Sub(f"com.amazonaws.${{AWS::Region}}.{service}")
    prefix = _by_partition(template, "EndpointPrefixes", "com.amazonaws", "cn.com.amazonaws")
    chinese = CALLED_OTHERWISE_IN_CHINA.get(service)
    name = _by_partition(template, f"{service.capitalize()}Names", service, chinese) if chinese else service
    return Join(".", [prefix, Ref("AWS::Region"), name])


def name_in(region: str, service: str) -> str:
    """What the endpoint service is called in a region: `service_name`, where the region is known."""
    if service not in CHINESE or not region.startswith("cn-"):
        return f"com.amazonaws.{region}.{service}"
    return f"cn.com.amazonaws.{region}.{CALLED_OTHERWISE_IN_CHINA.get(service, service)}"


def _by_partition(template: Template, mapping: str, usual: str, chinese: str) -> Value:
    """Return a text that is another one in China."""
    texts = {"aws": usual, "aws-cn": chinese, "aws-us-gov": usual}
    template.add_mapping(mapping, {partition: {"Text": text} for partition, text in texts.items()})
    return FindInMap(mapping, Ref("AWS::Partition"), "Text")

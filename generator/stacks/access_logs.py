"""Access logs of the load balancer: the bucket that they are written to, on request."""

from troposphere import Ref, Template

from generator.config.settings import Settings
from generator.stacks.data import bucket
from generator.stacks.nesting import Value
from generator.stacks.resource_policies import deliver_access_logs

BUCKET = "AccessLogsBucket"
POLICY = f"{BUCKET}Policy"
"""What must be there before logging is turned on: the load balancer tries the bucket then."""


def add_access_logs(template: Template, settings: Settings) -> dict[str, Value]:
    """Make the bucket, let the load balancer write to it, and return the attributes that make it do so.

    Its logs can be encrypted with S3's own keys alone, not with a customer's:
    https://docs.aws.amazon.com/elasticloadbalancing/latest/application/enable-access-logging.html
    """
    days = settings.cloudwatch.ecs_log_group.retention
    logs = bucket(template, settings, BUCKET, days=days, statements=[deliver_access_logs(BUCKET)])
    return {"access_logs.s3.enabled": "true", "access_logs.s3.bucket": Ref(logs)}

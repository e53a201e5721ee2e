"""The foundation's bucket, where somebody has removed it: it comes back under its name."""

from __future__ import annotations

from deployer.consent import Ask, Question
from deployer.errors import Declined
from deployer.tools import Tools

_FIRST_REGION = "us-east-1"  # the one region that a bucket is not told of


def restore(tools: Tools, bucket: str, ask: Ask) -> None:
    """Create the bucket again, empty. What else its stack says of it comes with a change set that restores.

    Its stack still counts on the bucket's name, and CloudFormation by itself does not notice that it is gone.
    https://docs.aws.amazon.com/AmazonS3/latest/API/API_CreateBucket.html. Raises Declined.
    """
    shown = (
        f"The bucket {bucket} of templates, releases and records has been removed by somebody. It can be created again"
        " under its name, but what was in it is lost: releases of before cannot be returned to."
    )
    if not ask(Question("Create it again?", shown)):
        raise Declined(f"the bucket {bucket} was not created again")
    if tools.aws.region == _FIRST_REGION:
        tools.aws.s3.create_bucket(Bucket=bucket)
    else:
        where = {"LocationConstraint": tools.aws.region}
        tools.aws.s3.create_bucket(Bucket=bucket, CreateBucketConfiguration=where)  # type: ignore[arg-type]
    tools.report(f"the bucket {bucket} was created again, and is empty")

"""What templates say besides resources: conditions, mappings, pseudo parameters, tags of the stack."""

from typing import Any

from tests.integration.embedded_aws.catalogue.topic import Question, Topic, resource, sub
from tests.integration.embedded_aws.templates import TASKS_MAY, att, ref

NOTHING = ref("AWS::NoValue")


def language(now: int) -> Topic:
    def only(condition: str, value: Any) -> dict[str, Any]:
        return {"Fn::If": [condition, value, NOTHING]}

    host = "https://logs.${AWS::Region}.${AWS::URLSuffix}/"
    resources = {
        "First": resource("AWS::SQS::Queue") | {"Condition": "IsFirst"},
        "Second": resource("AWS::SQS::Queue") | {"Condition": "IsSecond"},
        "Queue": resource(
            "AWS::SQS::Queue",
            DelaySeconds=only("IsSecond", 5),
            VisibilityTimeout={"Fn::If": ["IsBoth", 60, 90]},
            QueueName={"Fn::Join": ["-", ["trial", {"Fn::FindInMap": ["Names", ref("AWS::Partition"), "Short"]}]]},
        ),
        "Role": resource(
            "AWS::IAM::Role",
            AssumeRolePolicyDocument=TASKS_MAY,
            Description=sub(f"{host}${{AWS::Partition}}"),
            ManagedPolicyArns=[
                sub("arn:${AWS::Partition}:iam::aws:policy/ReadOnlyAccess"),
                only("IsSecond", sub("arn:${AWS::Partition}:iam::aws:policy/SecurityAudit")),
            ],
        ),
        "Address": resource("AWS::EC2::EIP", Domain="vpc"),
        "Bucket": resource("AWS::S3::Bucket"),
    }
    is_first = {"Fn::Equals": [f"{now}", "1"]}
    conditions = {
        "IsFirst": is_first,
        "IsSecond": {"Fn::Not": [{"Condition": "IsFirst"}]},
        "IsBoth": {"Fn::And": [{"Condition": "IsFirst"}, {"Fn::Or": [{"Condition": "IsSecond"}, is_first]}]},
    }
    mappings = {"Names": {"aws": {"Short": "global"}, "aws-cn": {"Short": "china"}}}
    chosen = {"Fn::If": ["IsFirst", att("First", "Arn"), att("Second", "Arn")]}
    return Topic(
        resources, _questions(now), gives={"Chosen": chosen}, more={"Conditions": conditions, "Mappings": mappings}
    )


def _questions(now: int) -> list[Question]:
    def queue(where: str, expected: Any) -> Question:
        asked = {"QueueUrl": "<Queue>", "AttributeNames": ["All"]}
        return Question("sqs", "get_queue_attributes", asked, f"Attributes | {where}", expected)

    asked_role = {"RoleName": "<Role>"}
    stack_tag = "[?Key=='Environment'].Value | [0]"
    policies = ["ReadOnlyAccess", "SecurityAudit"][:now]
    return [
        queue("[DelaySeconds, VisibilityTimeout]", ["0", "60"] if now == 1 else ["5", "90"]),
        queue("[ends_with(QueueArn, ':trial-global')]", [True]),
        Question(
            "sqs", "list_queues", {}, f"QueueUrls[?contains(@, '-{['First', 'Second'][now - 1]}-')] | length(@)", 1
        ),
        Question(
            "sqs", "list_queues", {}, f"QueueUrls[?contains(@, '-{['Second', 'First'][now - 1]}-')] | length(@)", 0
        ),
        Question("iam", "get_role", asked_role, "Role.Description", "https://logs.us-east-1.amazonaws.com/aws"),
        Question("iam", "list_attached_role_policies", asked_role, "AttachedPolicies[].PolicyName", policies),
        Question("sqs", "list_queue_tags", {"QueueUrl": "<Queue>"}, "Tags.Environment", f"trial-{now}"),
        Question("iam", "get_role", asked_role, f"Role.Tags{stack_tag}", f"trial-{now}"),
        Question("s3", "get_bucket_tagging", {"Bucket": "<Bucket>"}, f"TagSet{stack_tag}", f"trial-{now}"),
        Question(
            "ec2",
            "describe_addresses",
            {"AllocationIds": ["<Address.AllocationId>"]},
            f"Addresses[0].Tags{stack_tag}",
            f"trial-{now}",
        ),
    ]

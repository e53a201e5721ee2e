"""Queues, topics, alarms and what is read out of logs."""

from typing import Any

from tests.integration.embedded_aws.catalogue.topic import Question, Topic, policy, resource, tags
from tests.integration.embedded_aws.templates import att, ref

DENIED = policy("*", "*", Principal="*")


def messages(now: int) -> Topic:
    return Topic({**_queues(now), **_notices(now), **_alarms(now)}, _questions(now), takes=("KeyArn", "LogGroupName"))


def _queues(now: int) -> dict[str, Any]:
    return {
        "Dead": resource("AWS::SQS::Queue", SqsManagedSseEnabled=True, MessageRetentionPeriod=1209600),
        "Queue": resource(
            "AWS::SQS::Queue",
            QueueName="trial-tasks",
            KmsMasterKeyId=ref("KeyArn"),
            VisibilityTimeout=3600 * now,
            MessageRetentionPeriod="600",
            RedrivePolicy={"deadLetterTargetArn": att("Dead", "Arn"), "maxReceiveCount": now},
            Tags=tags(now=now),
        ),
        "QueuePolicy": resource("AWS::SQS::QueuePolicy", Queues=[ref("Queue")], PolicyDocument=DENIED),
    }


def _notices(now: int) -> dict[str, Any]:
    return {
        "Topic": resource("AWS::SNS::Topic", DisplayName=f"t{now}", KmsMasterKeyId=ref("KeyArn"), Tags=tags(now=now)),
        "Mail": resource(
            "AWS::SNS::Subscription", TopicArn=ref("Topic"), Protocol="email", Endpoint=f"{now}@example.com"
        ),
        "TopicPolicy": resource("AWS::SNS::TopicPolicy", Topics=[ref("Topic")], PolicyDocument=DENIED),
    }


def _alarms(now: int) -> dict[str, Any]:
    def alarm(**about: Any) -> dict[str, Any]:
        return resource(
            "AWS::CloudWatch::Alarm",
            EvaluationPeriods=3,
            DatapointsToAlarm=2,
            Threshold=now,
            ComparisonOperator="GreaterThanThreshold",
            TreatMissingData="notBreaching",
            AlarmActions=[ref("Topic")],
            Tags=tags(now=now),
            **about,
        )

    stat = {"Metric": {"Namespace": "Trial", "MetricName": "Errors"}, "Period": 60, "Stat": "Sum"}
    return {
        "Age": alarm(
            Namespace="AWS/SQS",
            MetricName="ApproximateAgeOfOldestMessage",
            Dimensions=[{"Name": "QueueName", "Value": att("Queue", "QueueName")}],
            Statistic="Maximum",
            Period=60,
        ),
        "Rate": alarm(
            Metrics=[
                {"Id": "rate", "Expression": f"errors / {now}", "Label": "l"},
                {"Id": "errors", "MetricStat": stat, "ReturnData": False},
            ]
        ),
        "Errors": resource(
            "AWS::Logs::MetricFilter",
            LogGroupName=ref("LogGroupName"),
            FilterPattern=f"ERROR {now}",
            MetricTransformations=[
                {"MetricName": "Errors", "MetricNamespace": "Trial", "MetricValue": "1", "DefaultValue": 0}
            ],
        ),
    }


def _questions(now: int) -> list[Question]:
    def queue(name: str, where: str, expected: Any) -> Question:
        asked = {"QueueUrl": name, "AttributeNames": ["All"]}
        return Question("sqs", "get_queue_attributes", asked, f"Attributes | {where}", expected)

    def topic(operation: str, where: str, expected: Any) -> Question:
        return Question("sns", operation, {"TopicArn": "<Topic.TopicArn>"}, where, expected)

    def alarm(name: str, where: str, expected: Any) -> Question:
        return Question("cloudwatch", "describe_alarms", {"AlarmNames": [name]}, f"MetricAlarms[0].{where}", expected)

    dead_letters = f'{{"deadLetterTargetArn":"<Dead.Arn>","maxReceiveCount":{now}}}'
    pending = ["PendingConfirmation", f"{now}@example.com"]
    return [
        queue("<Dead>", "[SqsManagedSseEnabled, MessageRetentionPeriod]", ["true", "1209600"]),
        queue("<Queue>", "[QueueArn, KmsMasterKeyId]", ["<Queue.Arn>", "<KeyArn>"]),
        queue("<Queue>", "[VisibilityTimeout, MessageRetentionPeriod]", [f"{3600 * now}", "600"]),
        queue("<Queue.QueueUrl>", "RedrivePolicy", dead_letters),
        queue("<Queue>", "[contains(Policy, '2012-10-17')]", [True]),
        Question("sqs", "list_queue_tags", {"QueueUrl": "<Queue>"}, "Tags.now", f"{now}"),
        topic("get_topic_attributes", "Attributes.[DisplayName, KmsMasterKeyId]", [f"t{now}", "<KeyArn>"]),
        topic("get_topic_attributes", "Attributes.[SubscriptionsPending, SubscriptionsConfirmed]", ["1", "0"]),
        topic("list_subscriptions_by_topic", "Subscriptions[0].[SubscriptionArn, Endpoint]", pending),
        topic("get_topic_attributes", "[contains(Attributes.Policy, '2012-10-17')]", [True]),
        Question("sns", "list_subscriptions", {}, "Subscriptions[0].[SubscriptionArn, Endpoint]", pending),
        Question(
            "sns",
            "get_subscription_attributes",
            {"SubscriptionArn": "<Mail>"},
            "Attributes.PendingConfirmation",
            "true",
        ),
        alarm("<Age>", "[AlarmArn, Threshold, DatapointsToAlarm]", ["<Age.Arn>", float(now), 2]),
        alarm("<Age>", "[Dimensions[0].Value, AlarmActions[0]]", ["<Queue.QueueName>", "<Topic>"]),
        alarm("<Rate>", "[AlarmArn, MetricName, Threshold]", ["<Rate.Arn>", None, float(now)]),
        alarm(
            "<Rate>",
            "Metrics[].[Id, Expression, MetricStat.Metric.MetricName, ReturnData]",
            [
                ["rate", f"errors / {now}", None, True],
                ["errors", None, "Errors", False],
            ],
        ),
        Question(
            "cloudwatch", "list_tags_for_resource", {"ResourceARN": "<Age.Arn>"}, "Tags[?Key=='now'].Value", [f"{now}"]
        ),
        Question(
            "logs",
            "describe_metric_filters",
            {"logGroupName": "<LogGroupName>"},
            "metricFilters[0].[filterName, filterPattern, metricTransformations[0].metricNamespace]",
            ["<Errors>", f"ERROR {now}", "Trial"],
        ),
    ]

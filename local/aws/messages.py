# ruff: noqa: SLF001  # ministack is entered through parts it keeps to itself
"""Topics of SNS through CloudFormation: an address of e-mail stays unconfirmed, as nobody is written to."""

from local.aws.emulator import Made, Properties, ResourceType, known, sns, teach


def install() -> None:
    """Correct the resource type AWS::SNS::Subscription: ministack takes every address for confirmed."""
    own = known("AWS::SNS::Subscription")

    def create(logical_id: str, properties: Properties, stack: str) -> Made:
        made = own.create(logical_id, properties, stack)
        _wait_for_an_answer(made[0], properties)
        return made

    def update(arn: str, old: Properties, new: Properties, stack: str, logical_id: str) -> Made:
        made = own.update(arn, old, new, stack, logical_id)
        if made[0] != arn:
            _wait_for_an_answer(made[0], new)
        return made

    teach("AWS::SNS::Subscription", ResourceType(create, update, own.delete))


def _wait_for_an_answer(arn: str, properties: Properties) -> None:
    topic = sns._topics.get(properties["TopicArn"])
    if topic is None or not str(properties["Protocol"]).startswith("email"):
        return
    subscription = sns._find_subscription(properties["TopicArn"], arn)
    subscription["confirmed"] = False
    subscription["attributes"] |= {"PendingConfirmation": "true", "ConfirmationWasAuthenticated": "false"}
    sns._refresh_subscription_counts(topic)

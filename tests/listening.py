"""Hears which requests the deployer makes."""

from collections.abc import Callable
from typing import Any

from deployer.aws import Aws

_ATTRIBUTES = {"application-autoscaling": "scaling", "service-quotas": "quotas"}


def listened_to(aws: Aws, told: Callable[[str], object]) -> Aws:
    """The same AWS, while every request is told of by the name of its operation."""

    def tell(model: Any, **_: object) -> None:  # what it returned would be taken for the answer
        told(model.name)

    def client(service: str) -> Any:
        made = getattr(aws, _ATTRIBUTES.get(service, service))
        made.meta.events.register("before-call.*.*", tell)
        return made

    return Aws(aws.region, client)

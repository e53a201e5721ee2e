"""The components one image can become; the task definition's command starts with one of these names."""

from enum import StrEnum


class Component(StrEnum):
    """A component's name, as the task definition, the log and the health check write it."""

    WEBSERVER = "webserver"
    SCHEDULER = "scheduler"
    DAG_PROCESSOR = "dag-processor"
    TRIGGERER = "triggerer"
    WORKERS = "workers"
    FLOWER = "flower"

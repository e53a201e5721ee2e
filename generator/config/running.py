"""Settings of Airflow itself, of identity and access, and of what watches over it."""

import re
from typing import Annotated

from pydantic import AfterValidator, Field

from generator.airflow.reserved import RESERVED
from generator.config.fields import EMAIL, Change, Line, OptionValue, Retention, Section, Version, setting
from generator.config.tasks import TaskPolicies


def _variable(name: str) -> str:
    if not re.fullmatch(r"[A-Za-z_][A-Za-z0-9_]*", name):
        raise ValueError(f"{name!r} is not a variable's name; use letters, digits and _")
    if name in RESERVED:
        raise ValueError(
            f"{name} is made of secrets that the stack keeps, and would stand here for all to read; remove it"
        )
    return name


VariableName = Annotated[str, AfterValidator(_variable)]
# registry/name:tag@digest, of which the name alone must be there.
# https://pkg.go.dev/github.com/distribution/reference
REFERENCE = (
    r"^([A-Za-z0-9.-]+(:\d+)?/)?[a-z0-9]([a-z0-9._/-]*[a-z0-9])?"
    r"(:[A-Za-z0-9_][A-Za-z0-9._-]*)?(@sha256:[0-9a-f]{64})?$|^$"
)
# https://airflow.apache.org/docs/apache-airflow/stable/howto/set-config.html
SectionName = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]*$")]
# A full ARN, with the JSON key behind it where the secret has several.
SecretReference = Annotated[str, Field(pattern=r"^arn:aws[a-z-]*:(secretsmanager|ssm):[a-z0-9-]+:\d{12}:[\w/+=.@:-]+$")]


class Airflow(Section):
    """Airflow itself."""

    version: Version = setting("3.3.2", "Version that the image is built on.", Change.RESTART, pattern=r"^3\.\d+\.\d+$")
    image: Line = setting(
        "",
        "Ready image (name@digest) of every component, instead of one built from docker/; --image overrides it.",
        Change.RESTART,
    )
    admin_user: str = setting("admin", "Name of the first user.", Change.RESTART, pattern=r"^[A-Za-z0-9._-]{1,64}$")
    admin_email: str = setting("admin@example.com", "Address of the first user.", Change.RESTART, pattern=EMAIL)
    options: dict[SectionName, dict[SectionName, OptionValue]] = setting(
        {}, "Airflow's options as in airflow.cfg: section, option, value.", Change.RESTART
    )
    variables: dict[VariableName, OptionValue] = setting(
        {}, "More environment variables of every component.", Change.RESTART
    )
    secrets: dict[VariableName, SecretReference] = setting(
        {}, "More environment variables whose values are secrets: name, and ARN of the secret.", Change.RESTART
    )
    secrets_backend: bool = setting(
        True,
        "Read connections and variables from Secrets Manager, too, under"
        " <serviceName>/<environment>/connections/ and .../variables/.",
        Change.RESTART,
        "$0.05 for 10,000 look-ups",
    )
    parallelism: int | None = setting(
        None, "Tasks that each scheduler lets run at once; without it, the slots of all workers.", Change.RESTART, ge=1
    )
    task_queued_timeout: int = setting(
        1200, "Seconds a task may wait for a worker before it fails.", Change.RESTART, ge=60, le=86400
    )
    task_policies: TaskPolicies = TaskPolicies()


class Iam(Section):
    """Rules of your organisation for roles."""

    permissions_boundary: str = setting(
        "", "Policy (ARN, or name of one in the account) that bounds every role.", Change.IN_PLACE,
        pattern=r"^(arn:aws[a-z-]*:iam::(\d{12}|aws):policy/[\w+=,.@/-]+|[\w+=,.@/-]+)?$",
        examples=["arn:aws:iam::123456789012:policy/boundary", "boundary"],
    )  # fmt: skip
    path: str = setting(
        "/",
        "Path of every role.",
        Change.REPLACEMENT,
        pattern=r"^/([\w.,+@=-]+/)*$",
        max_length=200,
        examples=["/data-platform/"],
    )


class Alarms(Section):
    """Three alarms: no heartbeat of the scheduler, tasks that wait for long, a database that fills up."""

    email: str = setting(
        "", "Who is told; AWS asks there for consent first. Empty: no alarms.", Change.RESTART,
        "$0.10 an alarm, $0.30 a metric and month", pattern=rf"{EMAIL}|^$",
        examples=["data-on-call@example.com"],
    )  # fmt: skip
    queue_age: int = setting(900, "Seconds a task may wait before the alarm.", Change.IN_PLACE, ge=60, le=86400)
    free_storage: int = setting(
        15, "Per cent of the database's storage below which the alarm is.", Change.IN_PLACE, ge=1, le=90
    )


class Image(Section):
    """What the image is built of, beside what is in docker/, dags/ and plugins/."""

    base: str = setting(
        "",
        "Image that it is built on: a mirror of Airflow's official one, or one of yours that is built on that;"
        " empty: docker.io/apache/airflow:<airflow.version>-python3.12.",
        Change.RESTART,
        pattern=REFERENCE,
        examples=["123456789012.dkr.ecr.cn-north-1.amazonaws.com.cn/airflow:3.3.2-python3.12"],
    )
    package_index: str = setting(
        "", "Index of Python packages, instead of PyPI: a mirror nearby, or your company's; without a password.",
        Change.RESTART, pattern=r"^(https?://[^\s/?#]+(/\S*)?)?$", examples=["https://pypi.example.com/simple"],
    )  # fmt: skip
    debian_mirror: str = setting(
        "", "Mirror of Debian's packages (/debian and /debian-security are below it), instead of deb.debian.org.",
        Change.RESTART, pattern=r"^(https?://[^\s/?#]+(/\S*)?)?$", examples=["https://mirrors.example.com"],
    )  # fmt: skip
    refresh: Line = setting(
        "",
        "Any text, for example a month: another one builds the image anew though nothing that goes in has changed,"
        " for newer versions of what docker/packages.txt and requirements.txt leave open, or a base that moved.",
        Change.RESTART,
        examples=["2026-11"],
    )


class Ecr(Section):
    """The repository of the image."""

    images_lifecycle_count: int = setting(
        10,
        "Releases that can be returned to: their images are kept, and as many of those that were never released.",
        Change.IN_PLACE,
        "$0.10 a GB and month",
        ge=1,
        le=1000,
    )


class EcsLogGroup(Section):
    """The log group of the components."""

    retention: Retention = setting(30, "Days that the components' logs are kept.", Change.IN_PLACE, "storage")


class Cloudwatch(Section):
    """Logs and metrics of the components."""

    ecs_log_group: EcsLogGroup = EcsLogGroup()
    container_insights: bool = setting(False, "Metrics of every task.", Change.IN_PLACE, "$0.30 a metric and month")

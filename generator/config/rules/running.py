"""Rules of Airflow's own options, of what tasks may do in AWS, and of what belongs to your organisation."""

import re
from collections.abc import Iterator
from difflib import get_close_matches
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError, available_timezones

from generator.airflow.components import components
from generator.airflow.reserved import RESERVED
from generator.airflow.variables import constant_variables
from generator.config.findings import Found, Level, rule
from generator.config.rules.tasks import workers
from generator.config.settings import Settings
from generator.config.source import KeyPath
from generator.config.tasks import TaskPolicies

# The release that image and variables are tried with.
TRIED = "3.3."
# Managed policies of a role, without asking: https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_iam-quotas.html
POLICIES_OF_A_ROLE = 10
ALL = "AdministratorAccess"
# Where a setting says what an option of Airflow's says, too.
SETTINGS_OF_OPTIONS = {
    "AIRFLOW__CORE__PARALLELISM": "airflow.parallelism",
    "AIRFLOW__CELERY__WORKER_CONCURRENCY": "service.workers.concurrency",
    "AIRFLOW__SCHEDULER__TASK_QUEUED_TIMEOUT": "airflow.taskQueuedTimeout",
    "AIRFLOW__OPERATORS__DEFAULT_QUEUE": "service.workers.queue",
    "AIRFLOW__SECRETS__BACKEND": "airflow.secretsBackend",
    "AIRFLOW__CELERY_BROKER_TRANSPORT_OPTIONS__VISIBILITY_TIMEOUT": "celeryBackend.visibilityTimeout",
    "AIRFLOW__LOGGING__WORKER_LOG_SERVER_PORT": "service.workers.port",
    "AIRFLOW__LOGGING__TRIGGER_LOG_SERVER_PORT": "service.triggerer.port",
}
SECRET = re.compile(r"password|passwd|secret|token|private_?key|api_?key|access_?key|credential", re.IGNORECASE)
# scheme://user:password@host
WITH_PASSWORD = re.compile(r"^[\w+.-]+://[^/\s:@]*:[^/\s@]+@")


def _variables(settings: Settings) -> Iterator[tuple[KeyPath, str, str]]:
    """Each option and variable that the user writes: its key, the variable it becomes, the value."""
    for section, options in settings.airflow.options.items():
        for option, value in options.items():
            name = f"AIRFLOW__{section}__{option}".upper()
            yield ("airflow", "options", section, option), name, value
    for name, value in settings.airflow.variables.items():
        yield ("airflow", "variables", name), name, value


@rule(Level.ERROR)
def option_reserved(settings: Settings) -> Found:
    """An option of Airflow's that is made of secrets, which would stand in the templates for all to read."""
    for path, name, _ in _variables(settings):
        if path[1] == "options" and name in RESERVED:
            yield (
                path,
                f"{name} is made of secrets that the stack keeps, and would stand here for all to read; remove it",
            )


@rule(Level.ERROR)
def variable_twice(settings: Settings) -> Found:
    """A variable is written in two places, and one of them is not heard."""
    seen: dict[str, KeyPath] = {}
    secret = [(("airflow", "secrets", name), name, "") for name in settings.airflow.secrets]
    for path, name, _ in [*_variables(settings), *secret]:
        if name in seen:
            yield path, f"{name} is what {'.'.join(map(str, seen[name]))} says, too; remove one of the two"
        seen.setdefault(name, path)


@rule(Level.WARNING)
def option_overridden(settings: Settings) -> Found:
    """An option of Airflow's that the generator writes from other settings: yours would win, and they would lie."""
    ours = {name for component in components(settings) for name in constant_variables(component, settings)}
    for path, name, _ in _variables(settings):
        if setting := SETTINGS_OF_OPTIONS.get(name):
            yield path, f"{setting} says this, and is what the rest is made to fit; write it there"
        elif name in ours:
            yield path, "is written by the generator, for components that must agree; yours wins, and may break them"


@rule(Level.WARNING)
def secret_in_plain_text(settings: Settings) -> Found:
    """A variable looks like a secret, and its value would stand in the templates for all to read."""
    for path, name, value in _variables(settings):
        if name not in RESERVED and value and (SECRET.search(name) or WITH_PASSWORD.match(value)):
            what = "looks like a secret, and stands in templates and consoles for all to read"
            yield path, f"{what}; keep it in Secrets Manager, and name its ARN in airflow.secrets"


@rule(Level.NOTE)
def airflow_not_tried(settings: Settings) -> Found:
    """A release of Airflow that image and variables were not tried with."""
    version = settings.airflow.version
    if not version.startswith(TRIED):
        yield ("airflow", "version"), f"{version} was not tried with this image and these variables; {TRIED}x was"


@rule(Level.ERROR)
def timezone_unknown(settings: Settings) -> Found:
    """A clock that the IANA list does not have (where this machine has the list)."""
    hours = settings.service.hours
    if hours and _is_clock("Europe/Berlin") and not _is_clock(hours.timezone):
        near = get_close_matches(hours.timezone, available_timezones(), n=1)
        hint = f"did you mean {near[0]}?" if near else "write it like Europe/Berlin, or UTC"
        yield ("service", "hours", "timezone"), f"{hours.timezone} is no time zone; {hint}"


def _is_clock(name: str) -> bool:
    """Whether this machine's list of time zones has the name; ZoneInfo opens the file of that name."""
    try:
        return bool(ZoneInfo(name))
    except (ZoneInfoNotFoundError, ValueError, OSError):
        return False


def _policies(settings: Settings) -> dict[KeyPath, TaskPolicies]:
    groups = settings.service.worker_groups
    every: dict[KeyPath, TaskPolicies] = {("airflow", "taskPolicies"): settings.airflow.task_policies}
    return every | {
        ("service", "workerGroups", name, "taskPolicies"): one.task_policies for name, one in groups.items()
    }


@rule(Level.WARNING)
def tasks_may_do_all(settings: Settings) -> Found:
    """Whoever writes a DAG may do anything in the account."""
    what = "lets whoever writes a DAG do anything in the account; name what the DAGs need"
    for path, policies in _policies(settings).items():
        for index, managed in enumerate(policies.managed):
            if managed.rpartition("/")[2] == ALL:
                yield (*path, "managed", index), what
        for index, statement in enumerate(policies.statements):
            wide = [action for action in statement.actions if action.partition(":")[0] in ("iam", "*")]
            if "*" in statement.resources and any(action.endswith(":*") for action in wide):
                yield (*path, "statements", index), what


@rule(Level.WARNING)
def many_managed_policies(settings: Settings) -> Found:
    """A role has more managed policies than AWS allows without being asked."""
    common = settings.airflow.task_policies.managed
    for path in workers(settings):
        if path[-1] == "workers":
            continue
        group = settings.service.worker_groups[str(path[-1])].task_policies.managed
        if (together := len({*common, *group})) > POLICIES_OF_A_ROLE:
            what = (
                f"with airflow.taskPolicies these are {together} managed policies, and AWS takes {POLICIES_OF_A_ROLE}"
            )
            yield (*path, "taskPolicies", "managed"), f"{what} a role; write statements instead"


@rule(Level.WARNING)
def tag_overridden(settings: Settings) -> Found:
    """A tag whose key is one of those that are always set."""
    ours = {"Service": "serviceName", "Environment": "the environment's name", "Owner": "owner"}
    for key in settings.tags:
        if key in ours:
            yield ("tags", key), f"tag {key} is always {ours[key]}; remove this one"


@rule(Level.ERROR)
def of_another_place(settings: Settings) -> Found:
    """Something given by its ARN is in another region or partition, where it cannot be used."""
    here = settings.region
    if not here:
        return
    partition = {"cn": "aws-cn", "us-gov": "aws-us-gov"}.get(here.rpartition("-")[0].rpartition("-")[0], "aws")
    for path, arn in _arns(settings):
        parts = arn.split(":")
        if parts[1] != partition:
            yield path, f"is of partition {parts[1]}, and {here} is of {partition}; name one of there"
        elif path[0] in ("https", "kms") and parts[3] != here:
            yield path, f"is of {parts[3]}, and must be of {here} to be used there"


def _arns(settings: Settings) -> Iterator[tuple[KeyPath, str]]:
    single: dict[KeyPath, str] = {
        ("https", "certificateArn"): settings.https.certificate_arn,
        ("kms", "keyArn"): settings.kms.key_arn,
        ("iam", "permissionsBoundary"): settings.iam.permissions_boundary,
    }
    single |= {("secrets", name): arn for name, arn in settings.secrets}
    single |= {("airflow", "secrets", name): arn for name, arn in settings.airflow.secrets.items()}
    for path, policies in _policies(settings).items():
        single |= {(*path, "managed", index): one for index, one in enumerate(policies.managed)}
    return ((path, arn) for path, arn in single.items() if arn.startswith("arn:"))

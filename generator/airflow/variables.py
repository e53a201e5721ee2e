"""The variables of Airflow's components (AIRFLOW__*): the same for a Fargate task and for a process on a laptop.

What each is for, and what breaks without it, was found by running the components apart from each other; the
names are those of https://airflow.apache.org/docs/apache-airflow/stable/configurations-ref.html.
"""

import json
import math

from generator.airflow.components import Component
from generator.config.settings import Settings
from generator.config.tasks import Flower, Workers

BUNDLES = [{"name": "dags-folder", "classpath": "airflow.dag_processing.bundles.local.LocalDagBundle", "kwargs": {}}]
SECRETS_BACKEND = "airflow.providers.amazon.aws.secrets.secrets_manager.SecretsManagerBackend"


def constant_variables(component: Component, settings: Settings) -> dict[str, str]:
    """Variables of a component whose values the settings alone decide."""
    options = {
        **_common(settings),
        **_log_ports(component, settings),
        **(_celery_over_sqs(settings) if settings.celery_backend.sqs else {}),
        **(_secrets_backend(settings) if component.looks_up and settings.airflow.secrets_backend else {}),
    }
    if component.task_logs:
        # Nobody else: the DAG processor would write its own logs among those of tasks, where they are kept.
        options["LOGGING__REMOTE_LOGGING"] = "True"
    if isinstance(component.task, Workers):
        options["CELERY__WORKER_CONCURRENCY"] = str(component.task.concurrency)
    if isinstance(component.task, Flower):
        options["CELERY__FLOWER_PORT"] = str(component.port)
    variables = {f"AIRFLOW__{name}": value for name, value in options.items()}
    if component.runs_users_code:
        # For DAGs that choose a queue by the groups that there are: the first group's, then the others'.
        variables["WORKER_QUEUES"] = ",".join(dict.fromkeys(group.queue for group in settings.worker_groups.values()))
    if component.in_front:
        # It believes what the load balancer says of those who come through it, and nobody outside the network.
        # https://www.uvicorn.org/deployment/#proxies-and-forwarded-headers
        variables["FORWARDED_ALLOW_IPS"] = settings.network_cidr
    return variables


def chosen_variables(settings: Settings) -> dict[str, str]:
    """Return what the user writes under `airflow.options` and `airflow.variables`: it wins over ours."""
    options = {
        f"AIRFLOW__{section.upper()}__{option.upper()}": value
        for section, pairs in settings.airflow.options.items()
        for option, value in pairs.items()
    }
    return options | settings.airflow.variables


def slots(settings: Settings) -> int:
    """Tasks that all workers run at once when every group has as many workers as it may have."""
    return sum(group.concurrency * group.most for group in settings.worker_groups.values())


def parallelism(settings: Settings) -> int:
    """Tasks that each scheduler lets run at once.

    Airflow counts per scheduler, so all slots are shared out among the fewest schedulers there are: none is idle
    while tasks wait. Where autoscaling adds a scheduler, the few tasks more than slots wait at the broker. Zero would
    mean no limit to Airflow.
    """
    return settings.airflow.parallelism or max(
        1, math.ceil(slots(settings) / max(1, settings.service.scheduler.fewest))
    )


def _common(settings: Settings) -> dict[str, str]:
    """Return what is the same for every component: one that differs from the others fails in ways hard to read."""
    port = settings.service.webserver.port
    return {
        "CORE__EXECUTOR": "CeleryExecutor",
        "CORE__AUTH_MANAGER": "airflow.providers.fab.auth_manager.fab_auth_manager.FabAuthManager",
        "CORE__EXECUTION_API_SERVER_URL": f"http://webserver.{settings.namespace}:{port}/execution/",
        # Fargate's host names resolve nowhere else; addresses do (live logs are fetched by them).
        "CORE__HOSTNAME_CALLABLE": "airflow.utils.net.get_host_ip_address",
        "CORE__LOAD_EXAMPLES": "False",
        "CORE__PARALLELISM": str(parallelism(settings)),
        # A start of workers from none, and the longest wait for one, must fit: a task that waits longer fails.
        "SCHEDULER__TASK_QUEUED_TIMEOUT": str(settings.airflow.task_queued_timeout),
        "OPERATORS__DEFAULT_QUEUE": settings.service.workers.queue,
        "DAG_PROCESSOR__DAG_BUNDLE_CONFIG_LIST": json.dumps(BUNDLES),
        # Bundles on disk have no versions to clean up: without this every worker keeps a process for it.
        "DAG_PROCESSOR__STALE_BUNDLE_CLEANUP_INTERVAL": "0",
        "API__WORKERS": "1",
        "CELERY__CELERY_CONFIG_OPTIONS": "airflow_runtime.worker.CONFIG",
    }


def _log_ports(component: Component, settings: Settings) -> dict[str, str]:
    """Where the log servers of worker and triggerer listen, and where the webserver asks for the logs of what runs.

    It knows one port for all workers, the first group's (airflow/utils/log/file_task_handler.py of 3.3): another
    group's own port is for machines that several groups share.
    """
    asked = component.port if isinstance(component.task, Workers) else settings.service.workers.port
    return {
        "LOGGING__WORKER_LOG_SERVER_PORT": str(asked),
        "LOGGING__TRIGGER_LOG_SERVER_PORT": str(settings.service.triggerer.port),
    }


def _secrets_backend(settings: Settings) -> dict[str, str]:
    """Look connections and variables up in Secrets Manager first; Airflow's own options are not looked up there.

    Tasks look there themselves ([workers] secrets_backend is this one where it is not set), then ask the webserver,
    which looks there, too, before it looks into its database.
    https://airflow.apache.org/docs/apache-airflow-providers-amazon/stable/secrets-backends/aws-secrets-manager.html
    """
    prefix = settings.secrets_prefix
    names = {
        "connections_prefix": f"{prefix}/connections",
        "variables_prefix": f"{prefix}/variables",
        "config_prefix": None,
    }
    return {"SECRETS__BACKEND": SECRETS_BACKEND, "SECRETS__BACKEND_KWARGS": json.dumps(names)}


def _celery_over_sqs(settings: Settings) -> dict[str, str]:
    """Return what Celery needs to know of SQS beside its queues; remote control would make a queue for every worker.

    https://docs.celeryq.dev/en/stable/getting-started/backends-and-brokers/sqs.html
    """
    return {
        "CELERY__BROKER_URL": "sqs://",
        "CELERY__WORKER_ENABLE_REMOTE_CONTROL": "False",
        "CELERY_BROKER_TRANSPORT_OPTIONS__VISIBILITY_TIMEOUT": str(settings.celery_backend.visibility_timeout),
    }

"""The variables of Airflow's components (AIRFLOW__*): the same for a Fargate task and for a process on a laptop.

What each is for, and what breaks without it, was found by running the components apart from each other; the
names are those of https://airflow.apache.org/docs/apache-airflow/stable/configurations-ref.html.
"""

import json

from generator.config.settings import Settings

BUNDLES = [{"name": "dags-folder", "classpath": "airflow.dag_processing.bundles.local.LocalDagBundle", "kwargs": {}}]


def constant_variables(settings: Settings) -> dict[str, str]:
    """Variables whose values the settings alone decide; the same for every component."""
    workers = settings.service.workers
    port = settings.service.webserver.port
    variables = {
        "CORE__EXECUTOR": "CeleryExecutor",
        "CORE__AUTH_MANAGER": "airflow.providers.fab.auth_manager.fab_auth_manager.FabAuthManager",
        "CORE__EXECUTION_API_SERVER_URL": f"http://webserver.{settings.namespace}:{port}/execution/",
        # Fargate's host names resolve nowhere else; addresses do (live logs are fetched by them).
        "CORE__HOSTNAME_CALLABLE": "airflow.utils.net.get_host_ip_address",
        "CORE__LOAD_EXAMPLES": "False",
        # Per scheduler. The default of 32 would leave worker slots idle, or queue tasks until they time out.
        "CORE__PARALLELISM": str(workers.concurrency),
        "DAG_PROCESSOR__DAG_BUNDLE_CONFIG_LIST": json.dumps(BUNDLES),
        # Bundles on disk have no versions to clean up: without this every worker keeps a process for it.
        "DAG_PROCESSOR__STALE_BUNDLE_CLEANUP_INTERVAL": "0",
        "API__WORKERS": "1",
        "CELERY__WORKER_CONCURRENCY": str(workers.concurrency),
        "CELERY__CELERY_CONFIG_OPTIONS": "airflow_runtime.worker.CONFIG",
        "LOGGING__REMOTE_LOGGING": "True",
    }
    # The API server stands behind a load balancer and is reached by nobody else: it believes who forwards to it.
    # https://www.uvicorn.org/deployment/#proxies-and-forwarded-headers
    return {f"AIRFLOW__{name}": value for name, value in variables.items()} | {"FORWARDED_ALLOW_IPS": "*"}

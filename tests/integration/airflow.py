"""A client of Airflow's REST API, as small as the tests need it."""

import json
import time
from dataclasses import dataclass
from typing import Any
from urllib.error import HTTPError
from urllib.request import ProxyHandler, Request, build_opener

_DIRECT = build_opener(ProxyHandler({}))  # a proxy of this machine has no say on loopback
FINISHED = ("success", "failed")


@dataclass(frozen=True)
class Airflow:
    """Logged in with a token; `url` is the base URL."""

    url: str
    token: str

    @classmethod
    def log_in(cls, url: str, user: str, password: str) -> "Airflow":
        """Get a token as https://airflow.apache.org/docs/apache-airflow/stable/security/api.html says."""
        answer = _call(f"{url}/auth/token", "POST", {"username": user, "password": password}, "")
        return cls(url, answer["access_token"])

    def get(self, path: str) -> Any:
        return _call(f"{self.url}/api/v2/{path}", "GET", None, self.token)

    def dags(self) -> set[str]:
        return {dag["dag_id"] for dag in self.get("dags")["dags"]}

    def wait_for_dags(self, wanted: set[str], seconds: float = 120) -> None:
        """Wait until the DAG processor has found them all; TimeoutError when it does not."""
        deadline = time.monotonic() + seconds
        while not wanted <= self.dags():
            if time.monotonic() > deadline:
                raise TimeoutError(f"after {seconds} s there is {self.dags()}, {self.get('importErrors')}")
            time.sleep(0.2)

    def trigger(self, dag: str, parameters: dict[str, object] | None = None) -> str:
        """Unpause a DAG and start a run, with parameters of its own; give the run's id."""
        _call(f"{self.url}/api/v2/dags/{dag}", "PATCH", {"is_paused": False}, self.token)
        wanted = {"logical_date": None, "conf": parameters or {}}
        run = _call(f"{self.url}/api/v2/dags/{dag}/dagRuns", "POST", wanted, self.token)
        return str(run["dag_run_id"])

    def wait(self, dag: str, run: str, seconds: float = 180) -> str:
        """The state in which a run ends; TimeoutError when it does not."""
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline:
            state: str = self.get(f"dags/{dag}/dagRuns/{run}")["state"]
            if state in FINISHED:
                return state
            time.sleep(0.5)
        raise TimeoutError(f"{dag} has not ended after {seconds} s: {self.instances(dag, run)}")

    def instances(self, dag: str, run: str) -> list[dict[str, Any]]:
        instances: list[dict[str, Any]] = self.get(f"dags/{dag}/dagRuns/{run}/taskInstances")["task_instances"]
        return instances

    def log(self, dag: str, run: str, instance: dict[str, Any]) -> str:
        """The log of an instance's last try, as the web interface shows it."""
        path = f"dags/{dag}/dagRuns/{run}/taskInstances/{instance['task_id']}/logs/{instance['try_number']}"
        return json.dumps(self.get(f"{path}?map_index={instance['map_index']}&full_content=true")["content"])


def _call(url: str, method: str, body: object, token: str) -> Any:
    headers = {"Content-Type": "application/json", "Accept": "application/json"}
    if token:
        headers["Authorization"] = f"Bearer {token}"
    data = json.dumps(body).encode() if body is not None else None
    try:
        with _DIRECT.open(Request(url, data, headers, method=method), timeout=30) as answer:  # noqa: S310 - loopback
            return json.load(answer)
    except HTTPError as error:
        raise RuntimeError(f"{method} {url}: {error.code} {error.read().decode()[:500]}") from error

"""Makes sure that the ports are free before anything starts, and says who has them if not."""

import errno
import socket
from collections.abc import Iterable

import psutil

from local.errors import LocalError
from local.runner.definitions import ServiceTask
from local.runner.private_names import LOOPBACK

# Where service.yml lets the user choose a component's port, and what names that port besides.
_SETTINGS = {"webserver": "environments: local: service: webserver: port, and the same port in service: baseUrl"}


def require_free(tasks: Iterable[ServiceTask]) -> None:
    """Raise LocalError for the first port that is taken or needs root."""
    for task in tasks:
        for port in task.ports if task.desired else ():
            if problem := _problem(port):
                raise LocalError(f"port {port} of {task.component}: {problem}; {_advice(task.component)}")


def _advice(component: str) -> str:
    setting = _SETTINGS.get(component)
    return f"choose another in service.yml ({setting}) or free it" if setting else "end what has it"


def _problem(port: int) -> str | None:
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((LOOPBACK, port))
        except PermissionError:
            return "only root may listen on ports below 1024"
        except OSError as error:
            if error.errno != errno.EADDRINUSE:
                raise
            return f"is taken by {_holder(port)}"
    # macOS lets one bind to loopback beside somebody who listens on every interface.
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as probe:
        probe.settimeout(1)
        return f"is taken by {_holder(port)}" if probe.connect_ex((LOOPBACK, port)) == 0 else None


def _holder(port: int) -> str:
    try:
        connections = psutil.net_connections("tcp")
    except psutil.AccessDenied:  # macOS, to all but root
        return "another process"
    for connection in connections:
        listens_here = connection.status == psutil.CONN_LISTEN and connection.laddr and connection.laddr.port == port
        if listens_here and connection.pid:
            try:
                return f"{psutil.Process(connection.pid).name()} (process {connection.pid})"
            except psutil.Error:
                return f"process {connection.pid}"
    return "another process"

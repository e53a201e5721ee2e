"""Under which name a component registers (AIRFLOW__CORE__HOSTNAME_CALLABLE): where others reach its log server.

Here and not in Airflow, so that a health check can ask the same function without importing Airflow.
"""

import importlib
import socket
from collections.abc import Mapping


def address() -> str:
    """Return this container's IP address, as `airflow.utils.net.get_host_ip_address` does."""
    return socket.gethostbyname(_canonical(socket.gethostname()))


def loopback() -> str:
    """Return the laptop's, where every component is on one machine and no server is reachable from outside."""
    return "127.0.0.1"


def _canonical(name: str) -> str:
    try:
        found = socket.getaddrinfo(name, None, type=socket.SOCK_DGRAM, flags=socket.AI_CANONNAME)
    except OSError:
        return name
    return next((canonical for _, _, _, canonical, _ in found if canonical), name)


def registered(environment: Mapping[str, str]) -> str:
    """The name under which this container's component registers, by the callable its environment names."""
    callable_name = environment["AIRFLOW__CORE__HOSTNAME_CALLABLE"]
    if callable_name == "airflow.utils.net.get_host_ip_address":
        return address()  # importing Airflow for this takes seconds
    module, _, name = callable_name.rpartition(".")
    return str(getattr(importlib.import_module(module), name)())

"""What runs on this machine, and where it listens."""

from collections.abc import Iterable
from pathlib import Path

import psutil


def running_in(checkout: Path) -> list[psutil.Process]:
    """Every process that was started from, or works in, a checkout."""
    found = []
    for process in psutil.process_iter():
        try:
            places = [process.exe(), process.cwd(), *process.cmdline(), process.environ().get("AIRFLOW_HOME", "")]
        except psutil.Error:
            continue
        if any(place.startswith(f"{checkout}/") or place == str(checkout) for place in places):
            found.append(process)
    return found


def listening(processes: Iterable[psutil.Process]) -> set[tuple[str, int]]:
    """Address and port of every TCP server among the processes."""
    return {
        (connection.laddr.ip, connection.laddr.port)
        for process in processes
        for connection in process.net_connections("tcp")
        if connection.status == psutil.CONN_LISTEN
    }

"""What runs on this machine, and where it listens."""

import contextlib
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


def arguments_of(processes: Iterable[psutil.Process]) -> list[str]:
    """Every word of their command lines; a process that has ended meanwhile has none."""
    words = []
    for process in processes:
        with contextlib.suppress(psutil.NoSuchProcess):
            words += process.cmdline()
    return words


def listening(processes: Iterable[psutil.Process]) -> set[tuple[str, int]]:
    """Address and port of every TCP server among the processes; one that has ended meanwhile serves nothing."""
    found = set()
    for process in processes:
        with contextlib.suppress(psutil.NoSuchProcess):
            servers = [each for each in process.net_connections("tcp") if each.status == psutil.CONN_LISTEN]
            found |= {(each.laddr.ip, each.laddr.port) for each in servers}
    return found

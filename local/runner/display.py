"""How the services look: a live table on a terminal, one line for each change elsewhere."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager

from rich.console import Console
from rich.live import Live
from rich.table import Table
from rich.text import Text

from local.runner.health import Status
from local.runner.task import Snapshot, State

Show = Callable[[Sequence[Snapshot]], None]

_MINUTE, _HOUR, _MIB = 60, 3600, 1024 * 1024
_GOOD, _BUSY, _BAD = ("●", "green"), ("○", "yellow"), ("✗", "red")


def word(snapshot: Snapshot) -> str:
    """Say in a word or two what a task is doing."""
    if snapshot.state is not State.RUNNING:
        return {State.WAITING: "will start", State.STOPPING: "stopping", State.STOPPED: "stopped"}[snapshot.state]
    return {Status.UNKNOWN: "starting", Status.HEALTHY: "healthy", Status.UNHEALTHY: "unhealthy"}[snapshot.health]


def lines(before: Sequence[Snapshot], after: Sequence[Snapshot]) -> list[str]:
    """Return a line for each task that does something else than before, with the reason where it has to be replaced."""
    known = {_doing(snapshot) for snapshot in before}
    return [_line(snapshot) for snapshot in after if _doing(snapshot) not in known]


def _doing(snapshot: Snapshot) -> tuple[str, str, int, str]:
    return snapshot.name, word(snapshot), snapshot.restarts, snapshot.reason


def _line(snapshot: Snapshot) -> str:
    text = f"{snapshot.name:<15}{word(snapshot)}"
    if snapshot.health is Status.HEALTHY and snapshot.state is State.RUNNING and snapshot.uptime is not None:
        text += f" after {duration(snapshot.uptime)}"
    return f"{text} ({snapshot.reason})" if _is_replaced(snapshot) else text


def _is_replaced(snapshot: Snapshot) -> bool:
    return bool(snapshot.reason) and snapshot.state in {State.WAITING, State.STOPPING}


def table(snapshots: Sequence[Snapshot]) -> Table:
    """Return the picture of all tasks."""
    picture = Table(box=None, pad_edge=False, expand=True)
    picture.add_column("")
    for heading in ("service", "state"):
        picture.add_column(heading, no_wrap=True)
    for heading in ("up", "memory", "restarts"):
        picture.add_column(heading, justify="right", no_wrap=True)
    picture.add_column("last line", no_wrap=True, overflow="ellipsis", ratio=1)
    for one in snapshots:
        replaced = _is_replaced(one)
        sign, colour = _BAD if replaced else _GOOD if one.health is Status.HEALTHY else _BUSY
        picture.add_row(
            Text(sign, colour),
            one.name,
            word(one),
            "" if one.uptime is None else duration(one.uptime),
            "" if one.memory is None else f"{one.memory / _MIB:.0f} MiB",
            str(one.restarts or ""),
            Text(one.reason, "red") if replaced else Text(one.line, "dim"),
        )
    return picture


def duration(seconds: float) -> str:
    """Write seconds as a person would: 12 s, 3 min 5 s, 2 h 4 min."""
    whole = int(seconds)
    if whole < _MINUTE:
        return f"{whole} s"
    if whole < _HOUR:
        return f"{whole // _MINUTE} min {whole % _MINUTE} s"
    return f"{whole // _HOUR} h {whole % _HOUR // _MINUTE} min"


@contextmanager
def showing(console: Console) -> Iterator[Show]:
    """Give a function that shows the tasks on `console`, to be called again and again."""
    if console.is_terminal:
        with Live(console=console, auto_refresh=False) as live:
            yield lambda snapshots: live.update(table(snapshots), refresh=True)
    else:
        shown: Sequence[Snapshot] = ()

        def show(snapshots: Sequence[Snapshot]) -> None:
            nonlocal shown
            for line in lines(shown, snapshots):
                console.print(line, markup=False, highlight=False, soft_wrap=True)
            shown = snapshots

        yield show

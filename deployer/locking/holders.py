"""Who holds a lock: what they do, since when, where; and whether they can be known to be gone."""

from __future__ import annotations

import json
import os
import platform
import uuid
from dataclasses import asdict, dataclass, fields
from datetime import UTC, timedelta
from pathlib import Path

import psutil

from deployer.errors import one_line
from deployer.tools import Tools

_KERNEL = Path("/proc/sys/kernel/random/boot_id")
_NAMESPACE = Path("/proc/self/ns/pid")


@dataclass(frozen=True)
class Holder:
    """Who is at work.

    `id` is random, `who` an ARN, `doing` a word, `since` in UTC (ISO 8601) by the holder's clock, `host` a name for
    people, `machine` where `pid` means this very process, `beat` counts the signs of life.
    """

    id: str = ""
    who: str = "somebody"
    doing: str = "something"
    since: str = "an unknown time"
    host: str = "an unknown host"
    machine: str = ""
    pid: int = 0
    beat: int = 0

    def __str__(self) -> str:
        return f"{self.doing} by {self.who} on {self.host} (process {self.pid}) since {self.since}"


def myself(tools: Tools, doing: str) -> Holder:
    """Describe the process that runs, as the holder of a lock. Asks AWS who is calling."""
    since = f"{tools.today().astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}"
    who = tools.aws.identity().arn
    return Holder(uuid.uuid4().hex, who, doing, since, platform.node(), machine(), os.getpid())


def as_bytes(holder: Holder) -> bytes:
    """A holder as it is written down."""
    return json.dumps(asdict(holder), sort_keys=True).encode()


def parse(body: bytes) -> Holder:
    """Read a holder; what cannot be read is a holder whom nobody knows."""
    try:
        told = json.loads(body)
        texts = {each.name: one_line(str(told[each.name])) for each in fields(Holder) if each.type == "str"}
        return Holder(**texts, pid=int(told["pid"]), beat=int(told["beat"]))
    except (ValueError, LookupError, TypeError):
        return Holder()


def is_dead(holder: Holder, me: Holder) -> bool:
    """Whether a holder is a process of my machine that is no more; of other machines nobody can say."""
    if holder.pid <= 0 or holder.machine != me.machine:
        return False
    try:
        return psutil.Process(holder.pid).status() == psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return True
    except psutil.Error:
        return False


def words(age: timedelta) -> str:
    """An age for people, for example `40 seconds` or `7 minutes`."""
    seconds = int(age.total_seconds())
    return f"{seconds} seconds" if seconds < 120 else f"{seconds // 60} minutes"


def machine() -> str:
    """What makes a process id unique: on Linux this boot of the kernel and the container, elsewhere when it was booted.

    The host's name alone says little: many are called alike. But copies of a running virtual machine have one boot.
    """
    try:
        boot = f"{_KERNEL.read_text(encoding='ascii').strip()} {_NAMESPACE.readlink()}"
    except OSError:
        boot = str(int(psutil.boot_time()))
    return f"{boot} {platform.node()}"

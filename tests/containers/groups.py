"""What the kernel counts of a container: its control group, of either version.

https://docs.kernel.org/admin-guide/cgroup-v1/memory.html https://docs.kernel.org/admin-guide/cgroup-v2.html
"""

from dataclasses import dataclass
from pathlib import Path

_ROOT = Path("/sys/fs/cgroup")
_MIB = 2**20


@dataclass(frozen=True)
class Group:
    """The control group of a container, by the number of one of its processes."""

    memory: Path
    cpu: Path

    @classmethod
    def of(cls, pid: int) -> "Group":
        folders: dict[str, Path] = {}
        for line in Path(f"/proc/{pid}/cgroup").read_text().splitlines():
            _, controllers, path = line.split(":", 2)
            for controller in controllers.split(","):
                folders[controller] = _ROOT / controller / path.lstrip("/")
        if "memory" in folders:
            return cls(folders["memory"], folders["cpuacct"])
        whole = _ROOT / folders[""].relative_to(_ROOT)
        return cls(whole, whole)

    @property
    def peak(self) -> float:
        """MiB it used at most, with the files that the kernel kept for it and would have let go of."""
        for name in ("memory.max_usage_in_bytes", "memory.peak"):
            if (self.memory / name).exists():
                return int((self.memory / name).read_text()) / _MIB
        return 0

    @property
    def own(self) -> float:
        """MiB that its processes have for themselves now: what the kernel cannot let go of."""
        told = _pairs(self.memory / "memory.stat")
        return told.get("total_rss", told.get("anon", 0)) / _MIB

    @property
    def kills(self) -> int:
        """How many of its processes were killed for want of memory."""
        for name in ("memory.oom_control", "memory.events"):
            if (self.memory / name).exists():
                return _pairs(self.memory / name)["oom_kill"]
        return 0

    @property
    def seconds(self) -> float:
        """CPU seconds it has used."""
        usage = self.cpu / "cpuacct.usage"
        if usage.exists():
            return int(usage.read_text()) / 1e9
        return _pairs(self.cpu / "cpu.stat")["usage_usec"] / 1e6


def _pairs(file: Path) -> dict[str, int]:
    return {name: int(value) for name, value in (line.split() for line in file.read_text().splitlines())}

"""The real servers behind emulated resources: started apart from the emulator, found again if it dies."""

import os
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from local import processes
from local.aws.doors import LOOPBACK
from local.errors import LocalError
from local.ordinary_user import hand_over, user_for_servers


def free_port() -> int:
    """Find a port nobody uses at the moment; whoever takes it must be ready to try another."""
    with socket.socket() as probe:
        probe.bind((LOOPBACK, 0))
        port: int = probe.getsockname()[1]
        return port


@contextmanager
def folder_of_its_own(folder: Path) -> Iterator[None]:
    """Make a folder that belongs to the servers' account; it is removed again when the block fails."""
    folder.mkdir()
    try:
        hand_over(folder)
        yield
    except BaseException:
        shutil.rmtree(folder, ignore_errors=True)
        raise


@dataclass(frozen=True)
class Servers:
    """Starts and ends servers; one record a server in the folder `records`."""

    records: Path
    checkout: Path

    def run(self, name: str, command: Sequence[str], log: Path, stop_signal: str = "SIGTERM") -> "Server":
        """Start a server as an ordinary user; it goes on if we die, and its record finds it."""
        record = self.records / f"{name}.json"
        launcher = [sys.executable, "-m", "local.aws.launch", str(record), stop_signal, user_for_servers()]
        with log.open("ab") as output:
            process = subprocess.Popen(
                [*launcher, *command],
                env=self.environment(),
                cwd="/",
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
        return Server(name, process, record, log)

    def environment(self, more: Mapping[str, str] | None = None) -> dict[str, str]:
        """Return the little that a server inherits."""
        return {"PATH": os.defpath, "LC_ALL": "C", "PYTHONPATH": str(self.checkout), **(more or {})}


@dataclass(frozen=True)
class Server:
    """A server that was started."""

    name: str
    process: "subprocess.Popen[bytes]"
    record: Path
    log: Path

    def wait_until(self, ready: Callable[[], bool], patience: float = 60.0) -> bool:
        """Wait until `ready`; False if it ended before. Raises LocalError when `patience` seconds were not enough."""
        limit = time.monotonic() + patience
        while time.monotonic() < limit:
            if self.process.poll() is not None:
                self.end()
                return False
            if ready():
                return True
            time.sleep(0.02)
        raise LocalError(f"{self.name} was not ready after {patience:.0f} s: {self.last_words()}")

    def wait_to_end(self, patience: float = 60.0) -> None:
        """Wait for a program that does its work and ends. Raises LocalError when it fails."""
        try:
            status = self.process.wait(patience)
        except subprocess.TimeoutExpired:
            raise LocalError(f"{self.name} took more than {patience:.0f} s: {self.last_words()}") from None
        finally:
            self.end()
        if status != 0:
            raise LocalError(f"{self.name} failed: {self.last_words()}")

    def end(self) -> None:
        """End it and forget it."""
        processes.end(self.record)
        if self.process.poll() is None:  # it is young, and has not written its record yet
            self.process.kill()
        self.process.wait()
        self.record.unlink(missing_ok=True)

    @contextmanager
    def ended_on_failure(self) -> Iterator[None]:
        """End it when the block fails: what was not brought up whole is to leave nothing."""
        try:
            yield
        except BaseException:
            self.end()
            raise

    def last_words(self) -> str:
        """Return the end of its log, as one line."""
        lines = self.log.read_text(encoding="utf-8", errors="replace").splitlines()
        return " / ".join(line.strip() for line in lines[-3:] if line.strip()) or "it said nothing"

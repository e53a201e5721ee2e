"""Run the product's commands in a checkout as a shell with nothing but the essentials would."""

import os
import re
import signal
import subprocess
import time
from dataclasses import dataclass
from pathlib import Path

# What a bare shell has, and what a machine behind a proxy or a mirror needs; nothing of this test's own environment.
_KEPT = re.compile(r"PATH|HOME|LANG|SSL_CERT_\w+|PIP_\w+|UV_\w+|\w+_proxy", re.IGNORECASE)
NO_ACCOUNT = {"AWS_PROFILE": "not-to-be-used", "AWS_ACCESS_KEY_ID": "not-to-be-used"}
READY = re.compile(r"Airflow is ready: (?P<url>\S+)  user: (?P<user>\S+)")
PATIENCE = 900  # seconds: the first run of a clone installs Airflow


def bare_environment() -> dict[str, str]:
    """Variables of a shell outside this test's virtual environment, with an AWS account that must not be used."""
    own = str(Path(os.environ.get("VIRTUAL_ENV", "/nowhere")) / "bin")
    kept = {name: value for name, value in os.environ.items() if _KEPT.fullmatch(name)} | NO_ACCOUNT
    return kept | {"PATH": ":".join(part for part in kept["PATH"].split(":") if part != own)}


def make(checkout: Path, *words: str, status: int = 0) -> "subprocess.CompletedProcess[str]":
    """Run make without a terminal and check its exit status."""
    done = subprocess.run(
        ["make", "--no-print-directory", *words],
        cwd=checkout,
        env=bare_environment(),
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=PATIENCE,
        check=False,
    )
    assert done.returncode == status, f"make {' '.join(words)}: {done.returncode}\n{done.stdout}\n{done.stderr}"
    return done


@dataclass(frozen=True)
class Laptop:
    """A `make airflow-local` that runs without a terminal, and what it has said so far."""

    checkout: Path
    process: "subprocess.Popen[bytes]"
    log: Path

    @classmethod
    def start(cls, checkout: Path, log: Path, *prefix: str, variables: dict[str, str] | None = None) -> "Laptop":
        """Start it in a session of its own, behind the words of `prefix` (another user, for example)."""
        with log.open("wb") as output:
            process = subprocess.Popen(
                [*prefix, "make", "--no-print-directory", "airflow-local"],
                cwd=checkout,
                env=bare_environment() | (variables or {}),
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
        return cls(checkout, process, log)

    def text(self) -> str:
        """Everything it has printed."""
        return self.log.read_text(errors="replace")

    def wait(self, pattern: re.Pattern[str], seconds: float = PATIENCE) -> re.Match[str]:
        """Wait until it has printed something; fail when it ends before."""
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline:
            if match := pattern.search(self.text()):
                return match
            assert self.process.poll() is None, f"it ended with {self.process.returncode}:\n{self.text()}"
            time.sleep(0.2)
        raise AssertionError(f"not seen within {seconds} s: {pattern.pattern}\n{self.text()}")

    def interrupt(self) -> int:
        """Ctrl-C: the whole foreground group gets the signal. Give the exit status."""
        if self.process.poll() is None:
            os.killpg(self.process.pid, signal.SIGINT)
        return self.process.wait(240)

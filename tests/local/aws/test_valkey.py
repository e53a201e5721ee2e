"""A Valkey that does not come up leaves nothing: no process, no folder, no token on disk."""

import subprocess
import sys
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from local.aws import valkey
from local.aws.servers import Server, Servers, folder_of_its_own
from local.errors import LocalError

TOKEN = "a-token-of-sixteen"


class NeverReady(Server):
    """Fails while it is waited for."""

    def wait_until(self, *_: Any) -> bool:
        assert valkey.quoted(TOKEN) in self.log.with_name("valkey.conf").read_text()
        raise LocalError("it does not get ready")


@dataclass(frozen=True)
class Young(Servers):
    """Starts what sleeps and has no record, as a server that is still on its way up."""

    started: list["subprocess.Popen[bytes]"] = field(default_factory=list)

    def run(self, name: str, _command: Any, log: Path, _stop_signal: str = "SIGTERM") -> Server:
        process = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)"])
        self.started.append(process)
        return NeverReady(name, process, self.records / f"{name}.json", log)


@pytest.fixture
def _program(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A program by the name of Valkey's."""
    program = tmp_path / "valkey-server"
    program.write_text("#!/bin/sh\n")
    program.chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path))


@pytest.mark.usefixtures("_program")
def test_one_that_never_gets_ready_is_ended_and_forgotten(tmp_path: Path) -> None:
    servers = Young(tmp_path, tmp_path)
    with pytest.raises(LocalError, match="does not get ready"):
        valkey.start(servers, "broker-one", tmp_path / "one", TOKEN)
    (process,) = servers.started
    assert process.poll() is not None
    assert not (tmp_path / "one").exists()


def fail_in(folder: Path) -> None:
    with folder_of_its_own(folder):
        (folder / "file").touch()
        raise KeyboardInterrupt


def test_a_folder_stays_only_when_all_goes_well(tmp_path: Path) -> None:
    with folder_of_its_own(tmp_path / "one"):
        pass
    assert (tmp_path / "one").is_dir()
    with pytest.raises(KeyboardInterrupt):
        fail_in(tmp_path / "two")
    assert not (tmp_path / "two").exists()

"""The picture on a terminal of the system, with somebody who types."""

from __future__ import annotations

import os
import pty
import select
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import suppress

import pytest

from deployer.checkout import CHECKOUT
from tests.deployer.console.terminal import Terminal

_PATIENCE = 15.0  # seconds for anything to happen; a picture is painted four times in one


class Seat:
    """A terminal at which `watched.py` runs: what is seen there, and a keyboard."""

    def __init__(self, master: int) -> None:
        self._master = master
        self._terminal = Terminal()

    @property
    def screen(self) -> str:
        return self._terminal.screen

    def sees(self, text: str) -> bool:
        """Look until a text stands there."""
        deadline = time.monotonic() + _PATIENCE
        while text not in self._terminal.screen and time.monotonic() < deadline:
            if select.select([self._master], [], [], 0.1)[0]:
                with suppress(OSError):  # nobody is there any more
                    self._terminal.write(os.read(self._master, 65536).decode())
        return text in self._terminal.screen

    def types(self, text: str) -> None:
        os.write(self._master, f"{text}\n".encode())


@pytest.fixture
def seat() -> Iterator[Seat]:
    master, slave = pty.openpty()
    command = [sys.executable, "-m", "tests.deployer.console.watched"]
    process = subprocess.Popen(
        command, stdin=slave, stdout=slave, stderr=slave, cwd=CHECKOUT, start_new_session=True, close_fds=True
    )
    os.close(slave)
    yield Seat(master)
    process.kill()
    process.wait()
    os.close(master)


def test_the_picture_moves_and_nothing_that_is_typed_stands_in_it(seat: Seat) -> None:
    assert seat.sees("● app  creating")
    seat.types("impatient")
    assert seat.sees("● Network  creating")
    seat.types("impatient\nno")
    assert seat.sees("Go on? [y/N]:")
    seat.types("yes")
    assert seat.sees("yes")
    assert seat.sees("ended: True")
    assert "impatient" not in seat.screen
    seat.types("afterwards")
    assert seat.sees("afterwards")

"""Who deploys, pushes, returns to a release or destroys sees how much is done and how much is left."""

from __future__ import annotations

import io
import re
import sys
import time
from dataclasses import replace

import pytest

from deployer.console.screen import Screen
from deployer.errors import DONE
from deployer.images.engine import Engine
from deployer.tools import Tools
from deployer.verbs import images as image_verbs
from deployer.verbs import rollback as rollback_verb
from deployer.verbs.destroying import remove
from tests.deployer import pushing
from tests.deployer.console.terminal import Terminal
from tests.deployer.scripted_cloudformation import MIDNIGHT, VirtualTime
from tests.deployer.scripted_environment import Environment
from tests.deployer.scripted_removal import Scene
from tests.deployer.verbs.test_deploying import NAME, Place, place
from tests.deployer.verbs.test_destroying import settings

__all__ = ["place"]
_PATIENCE = 15.0  # seconds for a picture to be painted; it is painted four times in one


class Watcher:
    """Somebody at a terminal, for whom a word is said at every wait, so that the picture is painted."""

    def __init__(self) -> None:
        self.terminal = Terminal(columns=100, lines=40)
        given = ["--yes", "--empty-buckets"]
        self.screen = Screen(self.terminal, io.StringIO(), {}, given, lambda: MIDNIGHT, self.terminal.size)
        self.seen = set[tuple[str, str]]()

    def beside(self, tools: Tools, virtual: VirtualTime) -> Tools:
        def sleep(seconds: float) -> None:
            virtual.sleep(seconds)
            self.screen.say("a word")
            self.seen |= set(re.findall(r"● (\S+) .* (\d+ of \d+ done), about \d+ min left", self.terminal.screen))

        return replace(tools, clock=replace(tools.clock, sleep=sleep))


def test_a_push_and_a_return() -> None:
    environment, watcher = Environment(), Watcher()
    pushing.published(environment)
    environment.tools = watcher.beside(environment.tools, environment.time)
    engine = Engine(run=pushing.nobody)

    image_verbs.push(pushing.settings(), environment.tools, engine, None, screen=watcher.screen)
    assert ("airflow-dev", "0 of 2 done") in watcher.seen

    watcher.seen.clear()
    rollback_verb.return_to(pushing.settings(), environment.tools, 1, watcher.screen)
    assert ("airflow-dev", "0 of 2 done") in watcher.seen


def test_a_removal() -> None:
    scene, watcher = Scene().stand(), Watcher()
    tools = watcher.beside(scene.tools, scene.time)

    assert remove(settings(), tools, watcher.screen) == DONE
    assert {("airflow-dev", "0 of 2 done"), ("airflow-dev-foundation", "0 of 2 done")} <= watcher.seen


def test_a_deploy(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    terminal, passes = Terminal(columns=100, lines=40), place.scene.time.sleep
    monkeypatch.setattr(sys, "stderr", terminal)
    monkeypatch.setenv("TERM", "xterm")

    seen, deadline = set[str](), time.monotonic() + _PATIENCE

    def sleep(seconds: float) -> None:
        """Wait until the picture has been painted, once the root has begun."""
        passes(seconds)
        while place.executed > 1 and not seen and time.monotonic() < deadline:
            time.sleep(0.01)
            seen.update(re.findall(r"● air-local .* (0 of 1 done, about \d+ min left)", terminal.screen))

    place.scene.time.sleep = sleep  # type: ignore[method-assign]
    place.deploy("--yes", "--allow-replacement", NAME)
    assert seen == {"0 of 1 done, about 16 min left"}, "a database is made, and another one removed"

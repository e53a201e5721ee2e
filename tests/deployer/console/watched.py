"""An operation shown on the terminal that this process is given; each of its steps waits for a line typed there."""

from __future__ import annotations

import fcntl
import sys
import termios
from collections.abc import Generator
from datetime import UTC, datetime

from deployer.cloudformation.events import StackEvent
from deployer.consent import Question
from deployer.console.screen import Screen


def event(name: str, status: str = "CREATE_IN_PROGRESS") -> StackEvent:
    physical = f"arn/{name}".rstrip("/")
    return StackEvent(datetime.now(UTC), "app", "arn", name, physical, "AWS::CloudFormation::Stack", status, "")


def operation(screen: Screen) -> Generator[StackEvent, None, bool]:
    yield event("")
    sys.stdin.readline()
    yield event("Network")
    sys.stdin.readline()
    agreed = screen.ask(Question("Go on?"))
    yield event("", "CREATE_COMPLETE")
    return agreed


def main() -> None:
    fcntl.ioctl(0, termios.TIOCSCTTY, 0)
    screen = Screen.of_process({"TERM": "xterm"})
    agreed = screen.show(operation(screen))
    screen.say(f"ended: {agreed}")
    sys.stdin.readline()


if __name__ == "__main__":
    main()

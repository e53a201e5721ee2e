from __future__ import annotations

from deployer.console.steps import Steps


def test_steps_are_numbered_and_timed() -> None:
    said: list[str] = []
    times = iter([0.0, 2.5, 2.5, 12.5])
    steps = Steps(lambda: next(times), said.append)
    steps("checking")
    steps("building")
    steps.done()
    assert said == ["1. checking", "   done in 2.5 s", "2. building", "   done in 10.0 s"]


def test_what_comes_between_steps_is_no_part_of_them() -> None:
    said: list[str] = []
    times = iter([0.0, 0.5, 100.0, 101.0])
    steps = Steps(lambda: next(times), said.append)
    steps("checking")
    steps.done()
    steps("rolling out")
    steps.done()
    steps.done()
    assert said == ["1. checking", "   done in 0.5 s", "2. rolling out", "   done in 1.0 s"]

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

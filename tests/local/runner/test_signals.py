import os
import signal
from itertools import count

import pytest

from local.runner.signals import ASKING, ignore_requests, stop_requests


@pytest.mark.parametrize("number", ASKING)
def test_signals_are_counted_and_end_nothing(number: signal.Signals) -> None:
    before = signal.getsignal(number)
    with stop_requests(lambda: next(minutes)) as requests:
        assert requests.count == 0
        os.kill(os.getpid(), number)
        os.kill(os.getpid(), number)
        assert requests.count == 2
    assert signal.getsignal(number) is before


def test_signals_that_come_together_are_one_request() -> None:
    times = iter([0.0, 0.2, 0.9, 5.0])
    with stop_requests(lambda: next(times)) as requests:
        for _ in range(4):
            os.kill(os.getpid(), signal.SIGTERM)
        assert requests.count == 2


def test_an_ignored_signal_stays_ignored() -> None:
    before = signal.signal(signal.SIGHUP, signal.SIG_IGN)
    try:
        with stop_requests() as requests:
            os.kill(os.getpid(), signal.SIGHUP)
            assert requests.count == 0
    finally:
        signal.signal(signal.SIGHUP, before)


def test_at_the_end_nobody_is_heard() -> None:
    before = {number: signal.getsignal(number) for number in ASKING}
    try:
        ignore_requests()
        for number in ASKING:
            os.kill(os.getpid(), number)
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


minutes = (60.0 * number for number in count())

"""Killed at any moment, `kill -9` too, the next run picks up what is there; and two runs are never at work at once."""

import os
import random
import time
from itertools import combinations
from pathlib import Path

import pytest

from deployer.errors import DONE, FAILED
from local.embedded_aws import Endpoint
from tests.faults.runs import Ended, Run, left, run, templates

SEEDS = range(12 if os.environ.get("NIGHTLY") else 3)
BUSY = "somebody else is at work on this environment"
# Requests that change something; of those for the lock alone one is refused.
CHANGES = {"CreateChangeSet", "ExecuteChangeSet", "DeleteChangeSet"}


@pytest.mark.parametrize("seed", SEEDS)
def test_whatever_is_killed_is_picked_up_by_the_next_run(endpoint: Endpoint, tmp_path: Path, seed: int) -> None:
    drawn = random.Random(seed)  # noqa: S311 - nothing secret is drawn
    first, changed = (templates(tmp_path / name, name) for name in ("first", "changed"))
    for verb, folder in (("deploy", first), ("deploy", changed), ("destroy", changed)):
        for _ in range(drawn.choice([1, 1, 2])):
            killed(verb, endpoint, folder, drawn)
        ended = run(verb, endpoint.url, folder)
        assert ended.status == DONE, ended.said
    assert left(endpoint) == []


def killed(verb: str, endpoint: Endpoint, folder: Path, drawn: random.Random) -> None:
    """Begin a run and kill it, after so many lines or in the midst of what is not told by lines."""
    begun = Run(verb, endpoint.url, folder)
    for _ in range(drawn.choice([0, drawn.randint(1, 200)])):
        if not begun.stderr.readline():
            break
    time.sleep(drawn.uniform(0, 0.5))
    begun.kill()


def test_two_at_once_never_interleave(endpoint: Endpoint, tmp_path: Path) -> None:
    first, changed = (templates(tmp_path / name, name) for name in ("first", "changed"))
    assert run("deploy", endpoint.url, first).status == DONE
    done: list[tuple[int, int]] = []
    for number in range(3):
        files = [tmp_path / f"calls-{number}-{one}" for one in "ab"]
        folders = (changed, first)
        both = [Run("deploy", endpoint.url, folder, file) for folder, file in zip(folders, files, strict=True)]
        ended = [each.end() for each in both]
        assert DONE in {each.status for each in ended}, ended
        for each, file in zip(ended, files, strict=True):
            if each.status == DONE:
                done.append(at_work(file))
            else:
                require_untouched(each, file)
    for (began, ended_), (next_began, next_ended) in combinations(sorted(done), 2):
        assert began < ended_ <= next_began < next_ended, "two were at work at once"


def at_work(calls: Path) -> tuple[int, int]:
    """When a run made its first change and its last."""
    times = [int(line.split()[0]) for line in calls.read_text().splitlines() if line.split()[1] in CHANGES]
    return times[0], times[-1]


def require_untouched(ended: Ended, calls: Path) -> None:
    assert ended.status == FAILED, ended.said
    assert ended.line.startswith(BUSY)
    assert "make airflow-unlock" in ended.line
    assert not CHANGES & {line.split()[1] for line in calls.read_text().splitlines()}

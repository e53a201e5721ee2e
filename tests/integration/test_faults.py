"""Deploys while calls to AWS break: each run ends done, or says truly why not and leaves what a rerun completes.

What breaks is drawn from a seed. How often a stack is looked at meanwhile is not: the same seed is the same plan, and
not the same run.
"""

import os
import random
import re
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from deployer.errors import DONE, FAILED
from local import embedded_aws
from local.embedded_aws import Endpoint
from local.layout import Layout
from tests.faults.proxy import Proxy, Rule, proxy
from tests.faults.runs import REASON, Ended, left, run, templates

SEEDS = range(50 if os.environ.get("NIGHTLY") else 8)
RERUNS = 5  # under faults; the last one is left in peace
OPERATIONS = {
    "cloudformation": (
        "DescribeStacks",
        "CreateChangeSet",
        "DescribeChangeSet",
        "ExecuteChangeSet",
        "DescribeStackEvents",
        "DeleteChangeSet",
        "GetTemplateSummary",
        "DeleteStack",
    ),
    "s3": ("PutObject", "GetObject", "DeleteObject", "ListObjectsV2", "ListObjectVersions"),
    "sts": ("GetCallerIdentity",),
    "ecs": ("ListServices", "DescribeServices"),
}
# What is done to a call, what the proxy calls that, and what the user may be told for it.
FAULTS: tuple[tuple[Rule, str, str], ...] = (
    ({"error": {"code": "Throttling", "status": 400}}, "error:Throttling", "throttling"),
    ({"error": {"code": "InternalFailure", "status": 500}}, "error:InternalFailure", "trouble of its own"),
    ({"error": {"code": "ServiceUnavailable", "status": 503}}, "error:ServiceUnavailable", "trouble of its own"),
    ({"error": {"code": "ExpiredToken", "status": 403}}, "error:ExpiredToken", "credentials have expired"),
    ({"reset": True}, "reset", "could not be reached"),
    ({"timeout_ms": 200}, "timeout", "trouble of its own"),
    # Done, but nobody hears of it, or of half of it.
    ({"response": {"abort_bytes": 0}}, "response:abort", "could not be reached|broke off"),
    ({"response": {"abort_frac": 0.5}}, "response:abort", "could not be reached|broke off"),
    ({"response": {"truncate_frac": 0.5}}, "response:truncate", "damaged"),  # and as long as it says that it is
    ({"latency": {"min": 50, "max": 300}}, "latency", "^$"),
)
WEIGHTS = [1, *[5] * (len(FAULTS) - 1)]  # after a throttled call the next ones are held back, for seconds


@pytest.fixture(scope="module")
def upstream(apart: Layout) -> Iterator[Endpoint]:
    """An embedded AWS for all seeds: each begins and ends with nothing in it."""
    yield embedded_aws.start(apart, lambda _: None)
    embedded_aws.stop(apart)


@pytest.fixture(scope="module")
def between(upstream: Endpoint) -> Iterator[Proxy]:
    with proxy(upstream.url) as it:
        yield it


@pytest.mark.parametrize("seed", SEEDS)
def test_every_run_ends_done_or_says_why_not_and_can_be_run_again(
    upstream: Endpoint, between: Proxy, tmp_path: Path, seed: int
) -> None:
    drawn = random.Random(seed)  # noqa: S311 - nothing secret is drawn
    first, changed, failing = (templates(tmp_path / name, name) for name in ("first", "changed", "failing"))
    if left(upstream):  # another seed's failure is not this one's
        run("destroy", upstream.url, first)
    until_done(between, drawn, "deploy", first, " (created|unchanged)$")
    until_done(between, drawn, "deploy", changed, " (updated|unchanged)$")
    until_done(between, drawn, "deploy", changed, " unchanged$")
    until_failed(between, drawn, failing)
    until_done(between, drawn, "deploy", changed, " unchanged$")
    until_done(between, drawn, "destroy", changed, "")
    assert left(upstream) == []


def until_done(between: Proxy, drawn: random.Random, verb: str, folder: Path, outcome: str) -> None:
    """Run it under faults until it is done; in the end it is left in peace, and has to be."""
    for attempt in range(RERUNS):
        between.breaks(plan(drawn) if attempt < RERUNS - 1 else [])
        ended = run(verb, between.url, folder)
        broken = between.broken()
        if ended.status == DONE:
            assert re.search(outcome, ended.line), ended.said
            return
        require_true(ended, broken)
    raise AssertionError(f"left in peace, it does not come to an end: {ended.said}")


def until_failed(between: Proxy, drawn: random.Random, folder: Path) -> None:
    """Run what cannot succeed, until it says its own reason and has gone back."""
    for attempt in range(RERUNS):
        between.breaks(plan(drawn) if attempt < RERUNS - 1 else [])
        ended = run("deploy", between.url, folder)
        broken = between.broken()
        assert ended.status == FAILED, ended.said
        if REASON in ended.line:
            return
        require_true(ended, broken)
    raise AssertionError(f"left in peace, it does not say why it fails: {ended.said}")


def plan(drawn: random.Random) -> list[Rule]:
    """Draw what breaks in one run: a few calls at a certain place, and up to two at any moment."""
    rules = []
    for _ in range(drawn.randint(1, 3)):
        service = drawn.choice(["cloudformation", "cloudformation", "s3", "s3", "sts", "ecs"])
        [(fault, *_)] = drawn.choices(FAULTS, WEIGHTS)
        rules.append({"service": service, "operation": drawn.choice(OPERATIONS[service]), "times": 1, **fault})
    for _ in range(drawn.randint(0, 2)):
        [(fault, *_)] = drawn.choices(FAULTS, WEIGHTS)
        rules.append({"service": "*", "active_at": time.time() + drawn.uniform(0, 1.5), "times": 1, **fault})
    return rules


def require_true(ended: Ended, broken: list[str]) -> None:
    """What was said must be what was done to it, in one line, and no traceback."""
    assert ended.status == FAILED, ended.said
    assert "Traceback" not in ended.said
    told = "|".join(words for _, name, words in FAULTS if any(f" {name}" in each for each in broken))
    assert broken, f"nothing was broken, and it said: {ended.line}"
    assert re.search(told, ended.line), f"{broken} was told as: {ended.line}"

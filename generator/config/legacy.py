"""Answers to keys and values of the single-file deployers that people come from, each what to write instead.

What of theirs is honoured as it is needs no answer. An answer stands in place of what else would be said of its key.
"""

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from generator.config.rules.offers import POSTGRES
from generator.config.source import KeyPath, Problem, Source, dotted

Reply = str | None
Answerer = Callable[[Any], Reply]


@dataclass(frozen=True)
class Answer:
    """What is said of a key, if anything: `*` in its path is any one part."""

    path: str
    reply: Answerer

    def fits(self, path: KeyPath) -> bool:
        """Whether it is about this key."""
        parts = self.path.split(".")
        return len(parts) == len(path) and all(one in ("*", str(other)) for one, other in zip(parts, path, strict=True))


def answers(overlaid: Source) -> list[Problem]:
    """Every answer to what stands in these settings."""
    return [
        Problem(overlaid.position(path), dotted(path), reply)
        for path, value in _walk(overlaid.data)
        for answer in ANSWERS
        if answer.fits(path) and (reply := answer.reply(value))
    ]


def _walk(data: object, path: KeyPath = ()) -> Iterator[tuple[KeyPath, object]]:
    if path:
        yield path, data
    if isinstance(data, dict):
        for key, value in data.items():
            yield from _walk(value, (*path, key))


def _always(reply: str) -> Answerer:
    return lambda _: reply


def _postgres_version(value: object) -> Reply:
    """`11.7` is a number, and a version that is gone; `16.4` is only a number."""
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        return None
    major = str(value).partition(".")[0]
    if not major.isdigit() or int(major) >= POSTGRES[0]:
        return None
    number = f"{value} is a number to YAML, and " if isinstance(value, float) else ""
    return f"{number}PostgreSQL {major} can no longer be created; write engineVersion: '17'"


def _postgres_family(value: object) -> Reply:
    found = re.fullmatch(r"(?:aurora-)?postgres(?:ql)?(\d+)(\.\d+)?", str(value))
    if found and int(found[1]) < POSTGRES[0]:
        return (
            f"{value} is the family of a PostgreSQL that can no longer be created; remove it: the one that fits is used"
        )
    return None


def _broker_version(value: object) -> Reply:
    """Redis 4 and 5 are gone; their numbers have one part, two or three."""
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        return None
    major = str(value).partition(".")[0]
    if major in ("2", "3", "4", "5"):
        number = f"{value} is a number to YAML, and " if isinstance(value, float) else ""
        return (
            f"{number}Redis {major} can no longer be created; write engineVersion: '7.1' with engine: redis, or neither"
        )
    if re.fullmatch(r"[67]\.x", str(value)):
        return f"{value} is no version any more; write engineVersion: '{'6.2' if major == '6' else '7.1'}'"
    return None


def _zone(value: object) -> Reply:
    found = re.fullmatch(r"[a-z]{2}(?:-[a-z]+)+-\d([a-z])", str(value))
    return f"the region is added by itself; write the letter: availabilityZone: {found[1]}" if found else None


def _without_mask(value: object) -> Reply:
    if isinstance(value, str) and re.fullmatch(r"\d{1,3}(\.\d{1,3}){3}", value):
        return f"{value!r} has no mask; write cidrBlock: {value}/24"
    return None


def _memcached(value: object) -> Reply:
    if value == "memcached":
        return "Celery cannot use memcached as its broker; write engine: valkey"
    return None


ANSWERS = (
    Answer(
        "service.scheduler.port",
        _always("nothing listens there any more: the scheduler is reached by nobody; remove this line"),
    ),
    Answer(
        "service.dagProcessor.port",
        _always("nothing listens there: the DAG processor is reached by nobody; remove this line"),
    ),
    Answer(
        "service.apiServer",
        _always("Airflow 3's API server goes by its old name here; write service.webserver"),
    ),
    Answer(
        "securityGroupEgressRules",
        _always("who may open the web interface is whitelistedIPs; what tasks may connect to is network.egress"),
    ),
    Answer(
        "securityGroupIngressRules",
        _always("who may open the web interface is whitelistedIPs, a list like [203.0.113.7/32]; the rest follows"),
    ),
    Answer("metadataDb.engineVersion", _postgres_version),
    Answer("metadataDb.family", _postgres_family),
    Answer("celeryBackend.engineVersion", _broker_version),
    Answer("celeryBackend.engine", _memcached),
    Answer("publicSubnet.*.availabilityZone", _zone),
    Answer("privateSubnet.*.availabilityZone", _zone),
    Answer("publicSubnet.*.cidrBlock", _without_mask),
    Answer("privateSubnet.*.cidrBlock", _without_mask),
)

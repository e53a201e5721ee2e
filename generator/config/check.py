"""All rules, asked of settings: what is wrong, risky or worth knowing, less what is accepted with a reason."""

from collections.abc import Set
from difflib import get_close_matches
from typing import Any, cast

from generator.config.findings import Finding, Found, Level, Rule, rule
from generator.config.rules import connections, data, entrance, image, names, network, running, sizes, unheard
from generator.config.settings import Settings

TOPICS = (network, entrance, sizes, connections, data, image, running, names, unheard)


@rule(Level.ERROR)
def accept_unknown(settings: Settings) -> Found:
    """`accept` names no finding, or an error, which cannot be accepted."""
    for name in settings.accept:
        known = {one.name: one.level for one in RULES}
        if name not in known:
            near = get_close_matches(name, known, n=1)
            hint = f"; did you mean {near[0]}?" if near else "; docs/settings.md lists them"
            yield ("accept", name), f"there is no such finding{hint}"
        elif known[name] is Level.ERROR:
            yield ("accept", name), "is an error, which cannot be accepted: AWS or Airflow would refuse it"


RULES: tuple[Rule, ...] = (
    *(value for topic in TOPICS for value in vars(topic).values() if isinstance(value, Rule)),
    accept_unknown,
)


def check(settings: Settings) -> list[Finding]:
    """What the rules say of these settings, without what `accept` names."""
    return [finding for one in RULES for finding in one(settings) if _heard(finding, settings)]


def check_what_is_sound(settings: Settings, broken: Set[str]) -> list[Finding]:
    """What those rules say that read none of the `broken` top-level fields, whose values here are stand-ins."""
    found: list[Finding] = []
    for one in RULES:
        watched = _Watched(settings)
        said = list(one(cast("Settings", watched)))
        if not watched.read & broken:
            found += [finding for finding in said if _heard(finding, settings)]
    return found


def _heard(finding: Finding, settings: Settings) -> bool:
    return finding.level is Level.ERROR or finding.name not in settings.accept


class _Watched:
    """Settings that remember which of their fields were read, also through properties."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self.read: set[str] = set()

    def __getattr__(self, name: str) -> Any:  # noqa: ANN401
        found = getattr(Settings, name, None)
        if isinstance(found, property) and found.fget:
            return found.fget(self)
        self.read.add(name)
        return getattr(self._settings, name)

"""What the tests of the rules share: settings that no rule has anything to say of, and overlays that one does."""

from typing import Any, TypeAlias

from generator.config.check import check
from generator.config.environments import merge
from generator.config.findings import Finding
from generator.config.leaves import Entry, entries
from generator.config.settings import Settings
from generator.config.source import dotted
from tests.generator.config.cases import EXISTING, MINIMUM

Overlay: TypeAlias = dict[str, Any]
Shown: TypeAlias = tuple[str, Overlay, str, str]
"""A rule at work: its name, settings that it speaks of, the key that it names, and a part of what it says."""

QUIET = {"whitelistedIPs": ["203.0.113.7/32"], "https": {"domainName": "air.example.com", "hostedZoneId": "Z1"}}
PRIVATE = {"network": {"mode": "private"}}
ISOLATED = {"network": {"mode": "isolated"}}
PROD = {"environment": "prod"}
NO_HTTPS = {"https": {"domainName": "", "hostedZoneId": ""}}
SQS = {"celeryBackend": {"engine": "sqs"}}
AURORA = {"metadataDb": {"engine": "aurora-postgresql"}}
SCALED = {"minCapacity": 2, "maxCapacity": 4, "cpu": {"target": 50}}


def findings(*overlays: Overlay) -> list[Finding]:
    """What the rules say of quiet settings with these laid over."""
    data = MINIMUM
    for overlay in (QUIET, *overlays):
        data = merge(data, overlay)
    return check(Settings.model_validate(data))


def speaks(shown: Shown) -> None:
    """Check that the rule says what it should, of a key that service.yml can have."""
    name, overlay, path, fragment = shown
    found = [one for one in findings(overlay) if one.name == name]
    assert path in {dotted(one.path) for one in found}, found
    assert any(fragment in one.what for one in found), found
    for one in found:
        parts = [part for part in one.path if isinstance(part, str)]
        assert any(_fits(entry, parts) for entry in entries(Settings)), parts


def _fits(entry: Entry, path: list[str]) -> bool:
    """Whether the path leads to the key, into a mapping that it is, or stops at what it stands in."""
    parts = [part for part in entry.path if part != "[]"]
    agree = all(known in (part, "<name>") for known, part in zip(parts, path, strict=False))
    return agree and (len(parts) >= len(path) or entry.section is None)


def service(**components: Any) -> Overlay:
    return {"service": components}


def database(**values: Any) -> Overlay:
    return {"metadataDb": values}


def broker(**values: Any) -> Overlay:
    return {"celeryBackend": values}


def airflow(**values: Any) -> Overlay:
    return {"airflow": values}


def existing(**values: Any) -> Overlay:
    return {"network": merge(EXISTING, {"existing": values})}


def subnets(*networks: str, zones: str = "") -> Overlay:
    """Subnets 1, 2, ... of these networks in 10.0.0.0/16, in the zones of these letters."""
    letters = zones or " " * len(networks)
    return {
        str(number): {"cidrBlock": f"10.0.{network}", "availabilityZone": letter.strip()}
        for number, (network, letter) in enumerate(zip(networks, letters, strict=True), 1)
    }

"""All rules together: each is shown at work, faultless settings are left in peace, and findings can be accepted."""

from typing import Any

import pytest

from generator.config.check import RULES, check, check_what_is_sound
from generator.config.findings import Level, Rule
from generator.config.settings import Settings
from tests.generator.config.cases import MINIMUM
from tests.generator.config.rules import (
    test_connections,
    test_data,
    test_entrance,
    test_image,
    test_names,
    test_network,
    test_running,
    test_sizes,
    test_unheard,
)
from tests.generator.config.rules.shown import (
    AURORA,
    ISOLATED,
    NO_HTTPS,
    PRIVATE,
    SQS,
    Shown,
    existing,
    findings,
    service,
    speaks,
    subnets,
)

TOPICS = (
    test_network,
    test_entrance,
    test_sizes,
    test_connections,
    test_data,
    test_image,
    test_running,
    test_names,
    test_unheard,
)
SHOWN: list[Shown] = [
    ("accept-unknown", {"accept": {"no-htps": "VPN"}}, "accept.no-htps", "did you mean no-https?"),
    ("accept-unknown", {"accept": {"subnets-overlap": "VPN"}}, "accept.subnets-overlap", "cannot be accepted"),
]


@pytest.mark.parametrize("shown", SHOWN, ids=lambda shown: shown[2])
def test_a_rule_speaks_of_its_key(shown: Shown) -> None:
    speaks(shown)


def test_every_rule_is_shown_at_work() -> None:
    shown = {name for table in (SHOWN, *(topic.SHOWN for topic in TOPICS)) for name, *_ in table}
    assert shown == {rule.name for rule in RULES}


@pytest.mark.parametrize("overlay", [{}, PRIVATE, ISOLATED, existing(), AURORA, SQS], ids=str)
def test_settings_without_fault_are_left_in_peace(overlay: dict[str, Any]) -> None:
    assert findings(overlay) == []


def test_the_defaults_lack_nothing_but_people() -> None:
    assert [one.name for one in check(Settings.model_validate(MINIMUM))] == ["nobody-may-enter"]


def test_a_finding_is_accepted_by_name_and_an_error_never() -> None:
    assert findings({"whitelistedIPs": [], "accept": {"nobody-may-enter": "for now"}}) == []
    overlay = {"publicSubnet": subnets("1.0/24", "2.0/24", zones="bb"), "accept": {"zone-twice": "it is so"}}
    assert {one.name for one in findings(overlay)} == {"zone-twice", "accept-unknown"}


def test_whoever_may_only_come_from_this_machine_needs_no_https() -> None:
    assert findings({"whitelistedIPs": ["127.0.0.1/32"]}, NO_HTTPS) == []


def test_rules_that_read_a_broken_field_are_not_heard() -> None:
    overlay = service(cidrBlock="11.0.0.0/16") | {"whitelistedIPs": []}
    settings = Settings.model_validate(MINIMUM | overlay)
    heard = {one.name for one in check_what_is_sound(settings, set())}
    assert heard == {"network-not-private", "nobody-may-enter"}
    assert {one.name for one in check_what_is_sound(settings, {"service"})} == {"nobody-may-enter"}
    assert {one.name for one in check_what_is_sound(settings, {"whitelisted_ips"})} == {"network-not-private"}


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.name)
def test_every_rule_has_a_name_and_a_meaning(rule: Rule) -> None:
    assert rule.name == rule.name.lower()
    assert rule.meaning.endswith(".")
    assert isinstance(rule.level, Level)


def test_no_two_rules_have_one_name() -> None:
    assert len({rule.name for rule in RULES}) == len(RULES)

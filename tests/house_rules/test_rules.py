"""Each house rule sees red: a good template is broken in one place, and that rule says so."""

import copy
import json
from functools import cache
from typing import Any

import pytest
import yaml

from generator.config.environments import merge
from generator.config.settings import Settings
from generator.render import render
from tests.house_rules.breaks import BASES, BREAKS, GONE, Break
from tests.house_rules.rules import RULES, violations

MINIMUM: dict[str, Any] = {"environment": "dev", "serviceName": "air", "owner": "data"}

BY_NAME = {rule.__name__: rule for rule in RULES}


@cache
def settings_of(base: str) -> Settings:
    return Settings.model_validate(merge(MINIMUM, BASES[base]))


@cache
def good(base: str) -> dict[str, str]:
    return render(settings_of(base))


def broken(change: Break) -> dict[str, str]:
    """The good templates with one change; only the file in question is written anew."""
    file, *path = change.path.split("/")
    texts = dict(good(change.base))
    if not path:
        return {**texts, file: json.dumps(change.value)}
    body = yaml.load(texts[file], yaml.CSafeLoader)
    before = copy.deepcopy(body)
    place = body
    for key in path[:-1]:
        place = place[int(key)] if isinstance(place, list) else place.setdefault(key, {})
    last: Any = int(path[-1]) if isinstance(place, list) else path[-1]
    if change.value is GONE:
        del place[last]
    else:
        place[last] = change.value
    assert body != before, "the change changes nothing"
    return {**texts, file: json.dumps(body)}


@pytest.mark.parametrize("base", BASES)
def test_what_is_rendered_breaks_no_rule(base: str) -> None:
    assert violations(good(base), settings_of(base), names=True) == []


@pytest.mark.parametrize("change", BREAKS, ids=str)
def test_a_rule_sees_red(change: Break) -> None:
    assert violations(broken(change), settings_of(change.base), [BY_NAME[change.rule]])


def test_every_rule_is_seen_to_see_red() -> None:
    assert set(BY_NAME) == {change.rule for change in BREAKS}
    assert len(BY_NAME) == len(RULES)


def test_a_violation_says_where_and_what() -> None:
    change = Break("log_retention", "storage.yml/Resources/ComponentLogs/Properties/RetentionInDays", GONE)
    (found,) = violations(broken(change), settings_of("default"))
    assert found == "storage.yml: ComponentLogs: keeps its lines for ever"


OWN_WORDS = {
    "airflow": {
        "variables": {"MY_TOKEN": "123456789012", "HOST": "https://sqs.eu-west-1.amazonaws.com"},
        "secrets": {"WAREHOUSE": "arn:aws:secretsmanager:eu-west-1:123456789012:secret:x:password::"},
        "taskPolicies": {
            "managed": ["arn:aws:iam::123456789012:policy/x"],
            "statements": [{"actions": ["s3:*"], "resources": ["*"]}],
        },
    },
    "whitelistedIPs": ["0.0.0.0/0"],
}


def test_what_the_user_writes_is_the_users_to_say() -> None:
    settings = Settings.model_validate(merge(MINIMUM, OWN_WORDS))
    assert violations(render(settings), settings) == []
    others = settings_of("default")
    assert len(violations(render(settings), others)) > 5, "the same words in templates whose settings do not say them"

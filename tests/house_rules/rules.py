"""The house rules over rendered templates: what is true of every one, whatever the settings say."""

from collections.abc import Mapping, Sequence

from generator.config.settings import Settings
from tests.house_rules import access, keeping, shape, tasks, values
from tests.house_rules.house import House, Rule

RULES: Sequence[Rule] = (*values.RULES, *keeping.RULES, *access.RULES, *tasks.RULES, *shape.RULES)


def violations(
    templates: Mapping[str, str], settings: Settings, rules: Sequence[Rule] = RULES, *, names: bool = False
) -> list[str]:
    """What breaks a rule in these templates, as `file: LogicalId: what`; with `names` the rule's name behind it."""
    house = House(templates, settings)
    return [f"{one} [{rule.__name__}]" if names else str(one) for rule in rules for one in rule(house)]

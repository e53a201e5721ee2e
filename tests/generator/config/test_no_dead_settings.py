"""Changing any leaf of service.yml changes something that is deployed, or is said to be checked elsewhere."""

from typing import Any

import pytest

from generator.airflow.components import secret_names
from generator.config.settings import Settings
from tests.generator.config.cases import CASES, CHECKED_ELSEWHERE, case, every_leaf
from tests.generator.config.differences import templates


def outputs(data: dict[str, Any]) -> dict[str, Any]:
    """All that a deploy takes from settings: templates, tags of stacks, parameters of the root, what the image has."""
    settings = Settings.model_validate(data)
    given = settings.secrets.model_dump()
    parameters = {name: given[name] for name in secret_names(settings)} | {"image": settings.airflow.image}
    return {**templates(data), "tags": settings.all_tags, "parameters": parameters, "build": settings.build_arguments}


@pytest.mark.parametrize("leaf", [leaf for leaf in every_leaf() if leaf not in CHECKED_ELSEWHERE])
def test_changing_it_changes_what_is_deployed(leaf: str) -> None:
    changed = case(leaf)
    assert outputs(changed.before()) != outputs(changed.after()), f"{leaf} is written and has no effect"


def test_there_is_a_case_for_every_leaf_and_no_other() -> None:
    assert {*CASES} | {*CHECKED_ELSEWHERE} == {*every_leaf()}

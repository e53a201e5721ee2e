"""Commands of ours that are told can be pasted."""

from __future__ import annotations

import argparse

import pytest

from deployer.verbs.pasting import here


@pytest.mark.parametrize(
    ("text", "completed"),
    [
        ("`make airflow-deploy` goes on", "`make airflow-deploy ENVIRONMENT=dev SETTINGS='my own.yml'` goes on"),
        ("(make airflow-push-image), then", "(make airflow-push-image ENVIRONMENT=dev SETTINGS='my own.yml'), then"),
        (
            "`make airflow-events ARGS=--follow` and `make airflow-unlock`",
            "`make airflow-events ENVIRONMENT=dev SETTINGS='my own.yml' ARGS=--follow` and"
            " `make airflow-unlock ENVIRONMENT=dev SETTINGS='my own.yml'`",
        ),
        ("make airflow-password ENVIRONMENT=local", "make airflow-password SETTINGS='my own.yml' ENVIRONMENT=local"),
        ("make airflow-deploy SETTINGS=x.yml", "make airflow-deploy ENVIRONMENT=dev SETTINGS=x.yml"),
        ("`make airflow-local`", "`make airflow-local SETTINGS='my own.yml'`"),
        ("`make airflow-prices`; airflow-deploy", "`make airflow-prices`; airflow-deploy"),
    ],
)
def test_our_own_commands_mean_the_environment_that_was_chosen(text: str, completed: str) -> None:
    chosen = argparse.Namespace(environment="dev", settings="my own.yml")
    assert here(text, chosen) == completed
    assert here(completed, chosen) == completed


@pytest.mark.parametrize("chosen", [{}, {"environment": None, "settings": "service.yml"}])
def test_what_was_not_chosen_is_not_added(chosen: dict[str, str | None]) -> None:
    assert here("`make airflow-deploy`", argparse.Namespace(**chosen)) == "`make airflow-deploy`"

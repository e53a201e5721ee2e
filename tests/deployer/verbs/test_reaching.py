"""Every door to a person: the commands in what is told there mean the environment that was chosen."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable

import pytest

from deployer.plans.plan import Plan
from deployer.preflight.findings import error
from deployer.verbs import diff, doctor, images, rollback
from deployer.verbs.reaching import screen_of
from tests.deployer.pushing import settings
from tests.deployer.scripted_environment import BUCKET, Environment

CHOSEN = argparse.Namespace(environment="dev", settings="service.yml", json=False, markdown=False, to=None)
PUSH = "`make airflow-push-image`"


def _says() -> None:
    screen_of(CHOSEN).say(PUSH)


def _checks() -> None:
    doctor.show([error("image", "is missing", PUSH)], CHOSEN)


def _tells() -> None:
    images.tell(images.Summary(PUSH, {}), CHOSEN)


def _plans() -> None:
    sys.stdout.write(diff.shown(Plan("airflow-dev", "what is deployed", (), None, [PUSH]), CHOSEN))


@pytest.mark.parametrize("door", [_says, _checks, _tells, _plans])
def test_what_is_told_names_commands_of_the_environment_that_was_chosen(
    door: Callable[[], None], capfd: pytest.CaptureFixture[str]
) -> None:
    door()
    told = capfd.readouterr()
    assert "`make airflow-push-image ENVIRONMENT=dev`" in told.out + told.err


def test_so_does_the_list_of_releases_that_is_empty(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    environment = Environment()
    for key in list(environment.bucket.bodies(BUCKET)):
        environment.bucket.delete_object(Bucket=BUCKET, Key=key)
    monkeypatch.setattr(rollback, "of_an_account", lambda *_: settings())
    monkeypatch.setattr(rollback, "reach", lambda _: environment.aws)

    rollback.rollback(CHOSEN)
    assert "`make airflow-push-image ENVIRONMENT=dev`" in capsys.readouterr().out

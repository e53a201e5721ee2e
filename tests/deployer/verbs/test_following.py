"""events --follow: whoever is at work may have more to do than what is watched."""

from __future__ import annotations

import argparse
import io
from pathlib import Path
from typing import Any

import pytest

from deployer.console.screen import Screen
from deployer.deploying import deployed
from deployer.errors import DONE
from deployer.verbs.events import tell
from tests.deployer.console.playing import NAME
from tests.deployer.scripted_clients import RefusedError
from tests.deployer.scripted_cloudformation import Graph, Resource
from tests.deployer.scripted_environment import BUCKET, Environment
from tests.deployer.verbs.test_events import FOUNDATION, NAMES, Scene


def test_whoever_is_at_work_may_have_more_to_do_and_is_waited_for() -> None:
    scene = Scene()
    foundation = scene.deploying(Resource("Templates", seconds=20), name=FOUNDATION)
    next(foundation)
    scene.cloud._get(FOUNDATION).graph = Graph(outputs={"TemplatesBucket": "bucket"})
    begin = scene.deploying(Resource("Queue", seconds=90))
    scene.later = {32: scene.lock, 60: lambda: next(begin), 200: scene.unlock}  # the lock lies where there was nothing

    assert scene.tell(follow=True) == DONE
    ended = [line.split()[2:4] for line in scene.talk.getvalue().splitlines() if "COMPLETE  " in line]
    assert ended[1::2] == [["CREATE_COMPLETE", FOUNDATION], ["CREATE_COMPLETE", NAME]]
    assert scene.talk.getvalue().count("somebody is still at work") == 1
    assert scene.talk.getvalue().splitlines()[-1].startswith(f"{NAME}: CREATE_COMPLETE")
    assert scene.time.seconds >= 200


def test_what_begins_and_ends_between_two_looks_is_told_too() -> None:
    scene = Scene()
    next(scene.deploying(Resource("Queue", seconds=20)))
    scene.later = {24: lambda: list(scene.deploying(Resource("Templates", seconds=1), name=FOUNDATION))}

    assert scene.tell(follow=True) == DONE
    assert scene.talk.getvalue().splitlines()[-1].startswith(f"{FOUNDATION}: CREATE_COMPLETE")


def test_who_may_not_look_for_the_lock_watches_what_goes_on() -> None:
    scene = Scene()
    scene.put_foundation()
    scene.s3.get_object = _refused  # type: ignore[method-assign, assignment]
    next(scene.deploying(Resource("Queue", seconds=30)))

    assert scene.tell(follow=True) == DONE


def _refused(**_: object) -> Any:
    raise RefusedError("AccessDenied", "Access Denied", 403)


@pytest.mark.parametrize("left", [True, False])
def test_who_has_watched_a_deploy_that_broke_off_is_told_what_is_left_to_do(*, left: bool) -> None:
    environment = Environment()
    if left:
        deployed.begin(environment.aws, BUCKET, None, ())
    graph = environment.cloud._get(NAME).graph
    assert graph
    environment.cloud.begin_update(NAME, environment.cloud.again(graph, {}))
    talk, options = io.StringIO(), argparse.Namespace(follow=True, json=False, html="")

    assert tell(environment.aws, NAMES, Screen(talk, io.StringIO(), {}, ()), options, environment.time.clock()) == DONE
    lines = talk.getvalue().splitlines()
    assert any(line.startswith(f"{NAME}: UPDATE_COMPLETE") for line in lines)
    assert ("`make airflow-deploy`, run again, finishes it" in lines[-1]) is left


def test_the_commands_in_what_happened_mean_the_environment_that_was_asked_for(
    capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    scene = Scene()
    next(scene.deploying(Resource("Queue", seconds=300)))
    page = tmp_path / "page.html"
    options = argparse.Namespace(follow=False, json=False, html="", environment="dev")

    watch = "make airflow-events ENVIRONMENT=dev ARGS=--follow"
    assert tell(scene.aws, NAMES, Screen(scene.talk, io.StringIO(), {}, ()), options) == DONE
    assert watch in capsys.readouterr().out
    options.html = str(page)
    assert tell(scene.aws, NAMES, Screen(scene.talk, io.StringIO(), {}, ()), options) == DONE
    assert watch in page.read_text("utf-8")

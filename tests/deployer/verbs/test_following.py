"""events --follow: whoever is at work may have more to do than what is watched."""

from __future__ import annotations

from typing import Any

from deployer.errors import DONE
from tests.deployer.console.playing import NAME
from tests.deployer.scripted_clients import RefusedError
from tests.deployer.scripted_cloudformation import Graph, Resource
from tests.deployer.verbs.test_events import FOUNDATION, Scene


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

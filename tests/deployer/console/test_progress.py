from __future__ import annotations

from dataclasses import replace

from deployer.console.progress import Node, State, ends, fold, goes_on, is_over
from tests.deployer.console.playing import NAME, Play
from tests.deployer.scripted_cloudformation import Resource, nested


def _find(root: Node, path: str) -> Node:
    return next(each for each in root.everything() if each.path == f"{NAME}/{path}")


def _states(root: Node) -> dict[str, State]:
    return {each.path.removeprefix(f"{NAME}/"): each.state for each in root.everything()}


def test_what_was_told_waits_and_then_happens_in_its_place() -> None:
    play = Play()
    play.deploy(nested("Network", Resource("Vpc", seconds=5), Resource("Routes", seconds=20)), Resource("Bucket"))

    assert _states(play.at(0)) == {
        NAME: State.WORKING,
        "Network": State.WAITING,
        "Network/Vpc": State.WAITING,
        "Network/Routes": State.WAITING,
        "Bucket": State.WAITING,
    }
    assert _states(play.at(10)) == {
        NAME: State.WORKING,
        "Network": State.WORKING,
        "Network/Vpc": State.DONE,
        "Network/Routes": State.WORKING,
        "Bucket": State.DONE,
    }
    assert set(_states(play.at(999)).values()) == {State.DONE}
    assert list(_states(play.at(999))) == list(_states(play.at(0)))


def test_a_resource_is_timed_from_its_beginning_to_its_end_and_no_longer() -> None:
    play = Play()
    play.deploy(Resource("Vpc", seconds=5), Resource("Slow", seconds=50))

    assert _find(play.at(3), "Vpc").seconds(play.when(3)) == 2
    assert _find(play.at(40), "Vpc").seconds(play.when(40)) == 5
    assert play.at(40).seconds(play.when(40)) == 40


def test_the_failure_outlasts_the_rollback_and_its_consequences_are_told_apart() -> None:
    play = Play()
    play.deploy(
        nested("Services", Resource("Scheduler", seconds=4, fails="no such image"), Resource("Web", seconds=60)),
        Resource("Bucket"),
    )
    root = play.at(999)

    failed = _find(root, "Services/Scheduler")
    assert failed.state is State.FAILED
    assert failed.failure
    assert failed.failure.reason == "no such image"
    assert _find(root, "Services/Web").state is not State.FAILED
    assert _find(root, "Services/Web").failure is None
    assert _find(root, "Bucket").state is State.UNDONE
    assert root.state is State.UNDONE
    assert root.status == "ROLLBACK_COMPLETE"


def test_an_update_that_goes_back_is_undone() -> None:
    play = Play()
    play.deploy(Resource("A"), Resource("B"))
    play.deploy(Resource("A", version=2), Resource("B", version=2, seconds=9, fails="no"))
    root = play.at(999)

    assert _find(root, "B").state is State.FAILED
    assert root.state is State.UNDONE


def test_a_removal_that_was_tried_again_has_not_failed() -> None:
    play = Play()
    play.deploy(Resource("Sg"))
    play.heard = list(play.removing())
    gone = next(event for event in play.heard if event.status == "DELETE_COMPLETE" and event.logical_id == "Sg")
    failed = replace(gone, status="DELETE_FAILED", reason="has a dependent object")
    held = [*play.heard[: play.heard.index(gone)], failed]

    assert _find(fold(held) or play.at(0), "Sg").state is State.FAILED
    assert _find(fold([*held, gone]) or play.at(0), "Sg").state is State.DONE


def test_what_goes_at_the_second_try_of_a_rollback_has_not_failed_either() -> None:
    play = Play()
    play.deploy(Resource("Sg"), Resource("Queue", fails="no"))
    gone = next(event for event in play.heard if event.status == "DELETE_COMPLETE" and event.logical_id == "Sg")
    failed = replace(gone, status="DELETE_FAILED", reason="has a dependent object")
    place = play.heard.index(gone)

    assert _find(fold([*play.heard[:place], failed, *play.heard[place:]]) or play.at(0), "Sg").state is State.UNDONE


def test_told_and_not_touched_is_as_it_was() -> None:
    play = Play()
    play.deploy(Resource("A"), Resource("B"))
    play.deploy(Resource("A", version=2), Resource("B", version=2))
    heard = [event for event in play.heard if event.logical_id != "B"]
    root = fold(heard, play.told.changes if play.told else ())

    assert root
    assert _find(root, "B").state is State.LEFT


def test_that_another_one_takes_its_place_is_known() -> None:
    play = Play()
    play.cloud.replaced = {"A"}
    play.deploy(Resource("A"), Resource("B"))
    assert not _find(play.at(0), "A").replaced

    play.deploy(Resource("A", version=2), Resource("B", version=2))
    assert _find(play.at(0), "A").replaced
    assert not _find(play.at(0), "B").replaced


def test_what_comes_unexpected_stands_below() -> None:
    play = Play()
    play.deploy(Resource("A"), Resource("B"))
    told = [change for change in (play.told.changes if play.told else ()) if change.logical_id == "B"]
    root = fold(play.heard, told)

    assert root
    assert [child.name for child in root.children] == ["B", "A"]


def test_an_operation_is_over_until_its_root_is_at_work_again() -> None:
    play = Play()
    play.deploy(nested("Network", Resource("Vpc")))
    first, *middle, last = play.heard

    assert not is_over(play.heard[:-1])
    assert is_over([first, last, *middle])
    assert not is_over([first, last, replace(first, status="UPDATE_ROLLBACK_IN_PROGRESS")])


def test_an_operation_ends_with_its_root_and_the_next_one_is_another() -> None:
    play = Play()
    play.deploy(nested("Network", Resource("Vpc")))
    first, last = play.heard[0], play.heard[-1]

    assert [event for event in play.heard if ends(event)] == [last]
    assert not goes_on([], first)
    assert all(goes_on(play.heard[:1], event) for event in play.heard[1:])
    assert not goes_on(play.heard, first)
    assert not goes_on(play.heard, replace(last, stack="airflow-dev-foundation"))

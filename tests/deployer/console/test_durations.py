from __future__ import annotations

from deployer.cloudformation.changes import Change, Replacement
from deployer.console.durations import remaining, usual
from deployer.console.progress import Node, State
from tests.deployer.console.playing import DATABASE, SERVICE, Play
from tests.deployer.scripted_cloudformation import Resource


def _node(kind: str, action: str = "Add", replacement: Replacement = Replacement.NO) -> Node:
    return Node("X", "app/X", kind, State.WAITING, Change("app", "X", "", kind, action, replacement))


def test_only_what_is_slow_has_a_word() -> None:
    assert usual(_node("AWS::SQS::Queue")) is None
    assert (usual(_node(DATABASE)) or 0) > 60


def test_creating_and_removing_take_their_own_time() -> None:
    assert usual(_node(SERVICE)) != usual(_node(SERVICE, "Remove"))


def test_a_replacement_is_a_creation_and_a_removal() -> None:
    replaced = _node(DATABASE, "Modify", Replacement.YES)
    both = (usual(_node(DATABASE)) or 0) + (usual(_node(DATABASE, "Remove")) or 0)

    assert usual(replaced) == remaining([replaced], Play().now) == both
    assert (usual(_node(DATABASE, "Modify", Replacement.MAYBE)) or 0) < both


def test_what_waits_for_each_other_adds_up_and_what_does_not_does_not() -> None:
    play = Play()
    database, service = _node(DATABASE), _node(SERVICE)
    alone = remaining([database], play.now)

    assert remaining([database, database], play.now) == alone
    assert remaining([database, service], play.now) == alone + remaining([service], play.now)


def test_less_is_left_while_it_goes_on_and_nothing_in_the_end() -> None:
    play = Play()
    play.deploy(Resource("Database", DATABASE, seconds=480))
    begun, later, done = (play.at(seconds).leaves() for seconds in (2, 100, 999))

    assert remaining(begun, play.when(2)) - remaining(later, play.when(100)) == 98
    assert remaining(done, play.when(999)) == 0


def test_what_takes_longer_than_usual_is_not_counted_against_the_rest() -> None:
    play = Play()
    play.deploy(Resource("Database", DATABASE, seconds=4800))

    assert remaining(play.at(4000).leaves(), play.when(4000)) == 0

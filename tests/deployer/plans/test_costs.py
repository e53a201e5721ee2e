"""A day before and after, in words."""

from __future__ import annotations

from deployer.plans.costs import Costs, Day, as_data, lines


def day(amount: float, **groups: str) -> Day:
    return Day(amount, amount, complete=True, text=f"{amount:.2f}", groups=groups)


def test_only_what_changes_is_broken_down() -> None:
    before, after = day(3, Tasks="1.00", Broker="2.00"), day(4, Tasks="1.00", Queues="3.00")
    assert lines(Costs("eu-west-1", "$", before, after)) == [
        "$ a day in eu-west-1: 3.00 before, 4.00 after",
        "  Broker: 2.00 before, 0.00 after",
        "  Queues: 0.00 before, 3.00 after",
    ]


def test_the_same_is_said_once() -> None:
    assert lines(Costs("eu-west-1", "$", day(3), day(3))) == ["$ a day in eu-west-1: 3.00, as before"]


def test_what_is_not_known_is_said_and_why() -> None:
    costs = Costs("eu-west-1", "$", None, day(3), "no deploy wrote it down")
    assert lines(costs) == ["$ a day in eu-west-1: 3.00 after; before: not known (no deploy wrote it down)"]
    assert as_data(costs)["before"] is None

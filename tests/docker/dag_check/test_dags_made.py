from dataclasses import dataclass, field

import pytest
from dag_check.dags_made import cycle


@dataclass
class Task:
    downstream_task_ids: set[str]


@dataclass
class Dag:
    task_dict: dict[str, Task] = field(default_factory=dict)


@pytest.mark.parametrize(
    ("edges", "expected"),
    [
        ({"a": "b", "b": "c", "c": ""}, []),
        ({"a": "bc", "b": "d", "c": "d", "d": ""}, []),  # met twice is no cycle
        ({"a": "b", "b": "c", "c": "b"}, ["b", "c", "b"]),
        ({"a": "a"}, ["a", "a"]),
        ({"a": "", "b": "c", "c": "d", "d": "b"}, ["b", "c", "d", "b"]),
    ],
)
def test_the_tasks_along_a_cycle_are_named_in_order(edges: dict[str, str], expected: list[str]) -> None:
    assert cycle(Dag({name: Task(set(following)) for name, following in edges.items()})) == expected


def test_many_ways_that_meet_take_no_time() -> None:
    layers = [f"{letter}{number}" for number in range(60) for letter in "ab"]
    following = {name: {f"a{int(name[1:]) + 1}", f"b{int(name[1:]) + 1}"} & set(layers) for name in layers}
    assert cycle(Dag({name: Task(those) for name, those in following.items()})) == []

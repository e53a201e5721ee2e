"""The DAGs that a file makes: where each is made, which of them reach the bag, and cycles in them."""

import functools
import logging
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from types import FrameType
from typing import Any

from dag_check.places import Place, innermost


@dataclass
class Made:
    """What has been seen of one file's DAGs since `watch`."""

    file: str
    lines: dict[int, Place] = field(default_factory=dict)
    bagged: list[Any] = field(default_factory=list)
    makers: dict[int, str] = field(default_factory=dict)  # the file of the user's that makes it; not who imports it
    unresolved: list[tuple[Any, str]] = field(default_factory=list)  # DAGs, and what Airflow says of a template's file
    known: list[Any] = field(default_factory=list)  # kept, so that no id() is given twice

    def place(self, dag: Any) -> Place:
        """Return the line of this file that makes (or imports) the DAG."""
        return self.lines.get(id(dag), Place(self.file, 1))

    def place_in_words(self, text: str) -> Place:
        """Return the line of the DAG that a message names; of the only one, if there is but one."""
        named = [dag for dag in self.known if len(self.known) == 1 or f"'{dag.dag_id}'" in text]
        return self.place(named[0]) if named else Place(self.file, 1)


def watch(file: str, bag: Any, folders: Sequence[str]) -> Made:
    """Note from now on which DAGs are made, and which of them the bag is given."""
    from airflow.sdk import DAG

    made = Made(file)
    make, take = DAG.__init__, bag.bag_dag
    templater = logging.getLogger("airflow.sdk.definitions._internal.templater")

    @functools.wraps(make)
    def noted(dag: Any, *arguments: Any, **named: Any) -> None:
        make(dag, *arguments, **named)
        made.known.append(dag)
        made.lines[id(dag)] = _line_in(file)
        maker = innermost(folders)
        made.makers[id(dag)] = maker.file if maker else ""

    def taken(dag: Any, *arguments: Any, **named: Any) -> Any:
        if not any(one is dag for one in made.bagged):  # two modules of a zip may share one
            made.bagged.append(dag)
        heard = _Heard()
        templater.addHandler(heard)
        try:
            return take(dag, *arguments, **named)
        finally:
            templater.removeHandler(heard)
            made.unresolved += [(dag, said) for said in heard.said]

    DAG.__init__ = noted
    bag.bag_dag = taken
    return made


class _Heard(logging.Handler):
    """Keeps what is logged as an exception: a template's file that is not there stops the task, not the import."""

    def __init__(self) -> None:
        super().__init__()
        self.said: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        if record.exc_info and record.exc_info[1]:
            self.said.append(" ".join(f"{record.getMessage()}: {record.exc_info[1]}".split()))


@contextmanager
def each_for_itself() -> Iterator[None]:
    """Have every DAG equal to none but itself.

    Airflow gathers a file's DAGs in a set, where those of the same id, tasks and schedule are one: the check would
    never see that an id is used twice.
    """
    from airflow.sdk import DAG

    usual = DAG.__eq__, DAG.__hash__
    DAG.__eq__, DAG.__hash__ = object.__eq__, object.__hash__
    try:
        yield
    finally:
        DAG.__eq__, DAG.__hash__ = usual


def cycle(dag: Any) -> list[str]:
    """Return the tasks along a cycle, its first one again at the end; nothing when there is none."""
    done: set[str] = set()
    for start in dag.task_dict:
        path, on_it = [start], {start}
        open_ = [_following(dag, start)]
        while path:
            following = next(open_[-1], None)
            if following is None:
                on_it.discard(path[-1])
                done.add(path.pop())
                open_.pop()
            elif following in on_it:
                return [*path[path.index(following) :], following]
            elif following not in done:
                path.append(following)
                on_it.add(following)
                open_.append(_following(dag, following))
    return []


def _following(dag: Any, task: str) -> Iterator[str]:
    return iter(sorted(dag.task_dict[task].downstream_task_ids))


def _line_in(file: str) -> Place:
    """Return the line of the file itself (of a zip: of a module in it), not of what it has imported."""
    frame: FrameType | None = sys._getframe(2)  # noqa: SLF001 - the one way to know who asks
    while frame and frame.f_code.co_filename != file and not frame.f_code.co_filename.startswith(f"{file}/"):
        frame = frame.f_back
    return Place(frame.f_code.co_filename, frame.f_lineno) if frame else Place(file, 1)

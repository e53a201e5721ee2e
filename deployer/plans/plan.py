"""A plan: what a deploy would do to each stack, what it would cost, and what must be known besides."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from typing import Any, Protocol

from deployer.cloudformation.changes import Change, Replacement
from deployer.cloudformation.stacks import STACK_TYPE
from deployer.plans import costs as cost_texts
from deployer.plans.costs import Costs
from deployer.plans.risks import risks


class Planned(Protocol):
    """A stack's changes: those of a change set, or of a comparison of templates."""

    @property
    def stack(self) -> str:
        """The stack's name."""

    @property
    def creates(self) -> bool:
        """Whether there is no such stack yet."""

    @property
    def changes(self) -> Sequence[Change]:
        """What happens, nested stacks included."""


@dataclass(frozen=True)
class StackPlan:
    """One stack's changes; without any it stays as it is. `creates`: there is no such stack yet.

    `by_hand` tells, line by line, what somebody changed by hand and a deploy would overwrite, `warnings` what
    CloudFormation itself warns of.
    """

    stack: str
    creates: bool
    changes: tuple[Change, ...]
    by_hand: tuple[str, ...] = ()
    warnings: tuple[str, ...] = ()


@dataclass(frozen=True)
class Plan:
    """What a deploy would change. `against` is what it was compared with, `notes` what else must be known.

    Without `costs` there is nothing that costs: the environment is inside this machine.
    """

    environment: str
    against: str
    stacks: tuple[StackPlan, ...]
    costs: Costs | None = None
    notes: Sequence[str] = ()

    @property
    def changes(self) -> tuple[Change, ...]:
        """The changes of all stacks."""
        return tuple(change for each in self.stacks for change in each.changes)


def counted(changes: Iterable[Change]) -> list[Change]:
    """Leave out nested stacks whose own changes are listed: these are what happens."""
    given = list(changes)
    looked_into = {change.stack for change in given}
    return [c for c in given if not (c.type == STACK_TYPE and c.path in looked_into)]


def totals(changes: Iterable[Change]) -> tuple[int, int, int]:
    """How many resources are added, changed, destroyed; a replacement is added and destroyed."""
    resources = counted(changes)
    replaced = sum(change.replacement is Replacement.YES for change in resources)
    actions = [change.action for change in resources if change.replacement is not Replacement.YES]
    added, removed = actions.count("Add") + actions.count("Import"), actions.count("Remove")
    return added + replaced, len(actions) - added - removed, removed + replaced


def unseen(changes: Iterable[Change]) -> list[str]:
    """Return the nested stacks of which nobody has seen what happens in them."""
    blind = (each for each in counted(changes) if each.type == STACK_TYPE and not each.seen)
    return [each.name for each in blind if each.action == "Modify"]


def as_data(plan: Plan) -> dict[str, Any]:
    """Return a plan as plain data, for `--json`."""
    added, changed, destroyed = totals(plan.changes)
    return {
        "environment": plan.environment,
        "against": plan.against,
        "summary": {"add": added, "change": changed, "destroy": destroyed},
        "stacks": [_stack(each) for each in plan.stacks],
        "losesData": [{"name": each.name, "what": each.what, "fate": each.fate} for each in risks(plan.changes)],
        "unseen": unseen(plan.changes),
        "costs": plan.costs and cost_texts.as_data(plan.costs),
        "notes": list(plan.notes),
    }


def _stack(one: StackPlan) -> dict[str, Any]:
    changes = [_change(each) for each in counted(one.changes)]
    beside = {"byHand": list(one.by_hand), "warnings": list(one.warnings)}
    return {"name": one.stack, "creates": one.creates, "changes": changes} | beside


def _change(one: Change) -> dict[str, Any]:
    told: dict[str, Any] = {"name": one.name, "type": one.type, "action": one.action}
    told |= {"replacement": one.replacement, "policy": one.policy, "certain": one.certain}
    return told | {"properties": [asdict(each) for each in one.properties]}

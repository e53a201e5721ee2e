"""A plan as text: what happens to each stack, what it costs, what must be known. Pure."""

from __future__ import annotations

from deployer.console import tables
from deployer.plans import costs
from deployer.plans.plan import Plan


def text(plan: Plan) -> str:
    """Return each stack's changes, then the notes, the costs, and the summary of all as the last line."""
    blocks = [
        tables.changes(each, (*each.warnings, *each.by_hand)) if each.changes else f"{each.stack}: nothing changes"
        for each in plan.stacks
    ]
    known = [*plan.notes, *(costs.lines(plan.costs) if plan.costs else ())]
    head = f"{plan.environment}, compared with {plan.against}"
    return "\n\n".join([head, *blocks, "\n".join([*known, tables.summary(plan.changes)])])

"""A plan as Markdown, for a comment on a pull request. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterator

from deployer.console import tables
from deployer.plans import costs
from deployer.plans.plan import Plan, StackPlan, counted, unseen
from deployer.plans.risks import risks

_LONGEST = 60_000  # GitHub takes 65,536 characters in a comment
_COLOURS = {"+": "+", "-": "-", "-/+": "!", "~": "!"}  # what starts a line that GitHub colours in a block of `diff`


def markdown(plan: Plan) -> str:
    """Return a plan's head, its costs, what would lose data, and the changes of each stack to unfold."""
    head = [f"### {plan.environment}: {tables.summary(plan.changes)}", f"Compared with {plan.against}."]
    if plan.costs:
        first, *more = costs.lines(plan.costs)
        head.append("\n".join([first, *(f"- {each.strip()}" for each in more)]))
    if warnings := list(_warnings(plan)):
        head.append("\n".join(["> [!CAUTION]", *(f"> - {each}" for each in warnings)]))
    head += [f"_{note}_" for note in plan.notes]
    left = _LONGEST - sum(map(len, head))
    for each in plan.stacks:
        block = _stack(each, left)
        left -= len(block)
        head.append(block)
    return "\n\n".join(head)


def _warnings(plan: Plan) -> Iterator[str]:
    for risk in risks(plan.changes):
        yield str(risk).replace(risk.name, f"`{risk.name}`", 1)
    if blind := unseen(plan.changes):
        yield f"{', '.join(blind)}: not looked into, and may lose data unseen"


def _stack(one: StackPlan, most: int) -> str:
    if not one.changes:
        return f"`{one.stack}` stays as it is."
    signs = iter(tables.sign(each) for each in counted(one.changes))
    rows = []
    for line in tables.resource_lines(one.changes):
        indented = line.startswith(" ")
        rows.append(f"  {line}" if indented else f"{_COLOURS[next(signs)]} {line}")
    rows += [f"! {line}" for line in (*one.warnings, *one.by_hand)]
    return _unfolded(f"<code>{one.stack}</code>: {tables.summary(one.changes)}", rows, most)


def _unfolded(title: str, rows: list[str], most: int) -> str:
    kept: list[str] = []
    for row in rows:
        most -= len(row) + 1
        if most < 0:
            kept.append(f"and {len(rows) - len(kept)} lines more: `make airflow-diff` shows them")
            break
        kept.append(row)
    text = "\n".join(kept)
    fence = "`" * max(3, 1 + max((len(run) for run in re.findall("`+", text)), default=0))
    return f"<details><summary>{title}</summary>\n\n{fence}diff\n{text}\n{fence}\n\n</details>"

"""What is shown before and after: changes, what a removal takes, outputs. Text in columns. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from deployer.change_sets import Change, ChangeSet, Replacement
from deployer.destruction import Removal
from deployer.stacks import STACK_TYPE
from deployer.template_text import Fate

_SIGNS = {"Add": "+", "Import": "+", "Modify": "~", "Remove": "-"}
_REPLACEMENT = {Replacement.NO: "", Replacement.MAYBE: "may be replaced", Replacement.YES: "is replaced"}


def changes(change_set: ChangeSet) -> str:
    """Return the changes, one a line, under the stack's name and over the summary."""
    verb = "create" if change_set.creates else "update"
    rows = [_change_row(change) for change in counted(change_set.changes)]
    return "\n".join([f"To {verb} {change_set.stack}:", *columns(rows), summary(change_set.changes)])


def summary(all_changes: Iterable[Change]) -> str:
    """Return, for example, `31 to add, 2 to change, 0 to destroy`; a replacement is added and destroyed."""
    resources = counted(all_changes)
    replaced = sum(change.replacement is Replacement.YES for change in resources)
    actions = [change.action for change in resources if change.replacement is not Replacement.YES]
    added, removed = actions.count("Add") + actions.count("Import"), actions.count("Remove")
    changed = len(actions) - added - removed
    return f"{added + replaced} to add, {changed} to change, {removed + replaced} to destroy"


def counted(all_changes: Iterable[Change]) -> list[Change]:
    """Leave out nested stacks whose own changes are listed: these are what happens."""
    given = list(all_changes)
    looked_into = {change.stack for change in given}
    return [c for c in given if not (c.type == STACK_TYPE and c.path in looked_into)]


def removal(planned: Removal) -> str:
    """Return all that goes and all that stays, and what is in the buckets that will be emptied."""
    if not planned.stacks:
        return "There is nothing to remove."
    inside = {content.resource: str(content) for content in planned.contents}
    rows = [
        (
            "-",
            each.path,
            each.type,
            each.physical_id,
            each.fate if each.fate is Fate.SNAPSHOT else _with(inside.get(each)),
        )
        for each in planned.goes
    ]
    blocks = ["To remove: " + ", ".join(stack.name for stack in planned.stacks), *columns(rows)]
    if planned.stays:
        blocks += ["What stays:", *columns([("=", each.path, each.type, each.physical_id) for each in planned.stays])]
    return "\n".join([*blocks, f"{len(planned.goes)} to remove, {len(planned.stays)} to stay"])


def outputs(values: Mapping[str, str]) -> str:
    """Return outputs as name and value, in order of name."""
    return "\n".join(columns(sorted(values.items())))


def columns(rows: Sequence[Sequence[str]]) -> list[str]:
    """Lay rows out in columns, two spaces apart, nothing trailing."""
    if not rows:
        return []
    widths = [max(len(cell) for cell in column) for column in zip(*rows, strict=True)]
    return ["  ".join(c.ljust(w) for c, w in zip(row, widths, strict=True)).rstrip() for row in rows]


def _change_row(change: Change) -> tuple[str, ...]:
    sign = "-/+" if change.replacement is Replacement.YES else _SIGNS.get(change.action, "?")
    return (sign, change.action.lower(), change.path, change.type, _REPLACEMENT[change.replacement])


def _with(content: str | None) -> str:
    return f"with {content} in it" if content else ""

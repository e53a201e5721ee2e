"""Changes as they are shown, line by line, and text in columns. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from deployer.cloudformation.changes import Change, Property, Recreation, Replacement
from deployer.plans.plan import Planned, counted, totals, unseen
from deployer.plans.risks import in_place, risks

_SIGNS = {"Add": "+", "Import": "+", "Remove": "-"}
_REPLACEMENT = {Replacement.NO: "", Replacement.MAYBE: "may be replaced", Replacement.YES: "is replaced"}
_RECREATION = {Recreation.NEVER: "", Recreation.MAYBE: "may replace it", Recreation.ALWAYS: "replaces it"}
_FATES = {"Retain": "stays behind", "Snapshot": "leaves a snapshot"}
_BECAUSE = {
    "ParameterReference": "by parameter {}",
    "ResourceReference": "by {}",
    "ResourceAttribute": "by {}",
    "Automatic": "by what is nested in it",
}
_LONGEST, _MOST = 60, 12  # characters of a value, properties of a resource


def changes(planned: Planned, more: Sequence[str] = ()) -> str:
    """Return the changes under the stack's name, each with its properties, and over the summary.

    What would cost data stands out; `more` is what else must be known, line by line.
    """
    verb = "create" if planned.creates else "update"
    warnings = [f"!!  {risk}" for risk in risks(planned.changes)]
    if blind := unseen(planned.changes):
        warnings.append(f"!!  {', '.join(blind)}: not looked into, and may lose data unseen")
    rest = [*warnings, *more, summary(planned.changes)]
    return "\n".join([f"To {verb} {planned.stack}:", *resource_lines(planned.changes), *rest])


def resource_lines(all_changes: Iterable[Change]) -> Iterator[str]:
    """Tell each resource in a line, and under it what of it changes."""
    told = counted(all_changes)
    for change, row in zip(told, columns([_change_row(change) for change in told]), strict=True):
        yield row
        for each in change.properties[:_MOST]:
            yield f"       {property_line(each, change.type)}"
        if len(change.properties) > _MOST:
            yield f"       and {len(change.properties) - _MOST} more"


def property_line(one: Property, kind: str) -> str:
    """Return a property as what it was and will be, and why: `DBInstanceClass: db.t4g.micro -> db.t4g.small`."""
    replaces = "" if in_place(kind, one.name) else _RECREATION[one.recreation]
    why = _BECAUSE.get(one.source, "").format(one.cause)
    notes = [note for note in (why, "" if one.certain else "perhaps", replaces) if note]
    values = _values(one)
    return one.name + (f": {values}" if values else "") + (f" ({', '.join(notes)})" if notes else "")


def summary(all_changes: Iterable[Change]) -> str:
    """Return, for example, `31 to add, 2 to change, 0 to destroy`; a replacement is added and destroyed."""
    added, changed, destroyed = totals(all_changes)
    return f"{added} to add, {changed} to change, {destroyed} to destroy"


def columns(rows: Sequence[Sequence[str]]) -> list[str]:
    """Lay rows out in columns, two spaces apart, nothing trailing."""
    if not rows:
        return []
    widths = [max(len(cell) for cell in column) for column in zip(*rows, strict=True)]
    return ["  ".join(c.ljust(w) for c, w in zip(row, widths, strict=True)).rstrip() for row in rows]


def sign(change: Change) -> str:
    """Return `+`, `-`, `~`, or `-/+` for what is replaced."""
    return "-/+" if change.replacement is Replacement.YES else _SIGNS.get(change.action, "~")


def _change_row(change: Change) -> tuple[str, ...]:
    words = (_REPLACEMENT[change.replacement], _FATES.get(change.policy.removeprefix("ReplaceAnd"), ""))
    return (sign(change), change.action.lower(), change.path, change.type, ", ".join(word for word in words if word))


def _values(one: Property) -> str:
    if one.later:
        return f"{_short(one.before)} -> known after the deploy" if one.before else "known after the deploy"
    if one.before == one.after:
        return ""
    return f"{_short(one.before) or 'nothing'} -> {_short(one.after) or 'nothing'}"


def _short(value: str) -> str:
    line = " ".join(value.split())
    return line if len(line) <= _LONGEST else line[: _LONGEST - 3] + "..."

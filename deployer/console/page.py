"""An operation as one page of HTML: a bar for each resource, and nothing that is fetched from elsewhere. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from html import escape

from deployer.console.progress import Node, Span, State
from deployer.console.tree import duration, word

_COLOURS = {
    State.DONE: "#2f9e44",
    State.FAILED: "#e03131",
    State.CANCELLED: "#e8a200",
    State.WORKING: "#1c7ed6",
    State.UNDONE: "#9c36b5",
}
_STYLE = """
body{font:14px/1.4 system-ui,sans-serif;margin:2em;color:#222;background:#fff}
table{border-collapse:collapse;width:100%}
td{padding:1px 8px;white-space:nowrap;vertical-align:top}
td.lane{width:60%}
td.why{white-space:normal;color:#c92a2a}
.bars{position:relative;height:1em;margin-top:.2em;background:#f1f3f5}
.bars span{position:absolute;top:0;bottom:0;min-width:2px}
pre{white-space:pre-wrap;background:#f8f9fa;padding:1em}
@media(prefers-color-scheme:dark){body,pre{color:#ddd;background:#181a1b}.bars{background:#2b2d2f}}
"""
# Nothing on the page may run or be fetched, whatever AWS has let somebody write into a name or a reason.
_POLICY = "default-src 'none'; style-src 'unsafe-inline'"


def page(root: Node, now: datetime, notes: Sequence[str] = ()) -> str:
    """Return the page. What still goes on ends `now`; `notes` are lines to stand beneath, such as why it has failed."""
    times = [time for node in root.everything() for span in node.spans for time in (span.began, span.ended or now)]
    begin, end = min(times, default=now), max(times, default=now)
    title = f"{root.name}: {word(root)}"
    told = f"{begin.astimezone(UTC):%Y-%m-%d %H:%M:%S}Z, {duration((end - begin).total_seconds())}"
    parts = [
        '<!DOCTYPE html>\n<html lang="en"><head><meta charset="utf-8">',
        f'<meta http-equiv="Content-Security-Policy" content="{_POLICY}">',
        f"<title>{escape(title)}</title><style>{_STYLE}</style></head><body>",
        f"<h1>{escape(title)}</h1><p>{told}</p><table>",
        *_rows(root, 0, begin, end),
        "</table>",
    ]
    if notes:
        parts.append("<pre>" + escape("\n".join(notes)) + "</pre>")
    return "\n".join([*parts, "</body></html>\n"])


def _rows(node: Node, depth: int, begin: datetime, end: datetime) -> Iterator[str]:
    bars = "".join(_bar(node, span, begin, end) for span in node.spans)
    name = f"<b>{escape(node.name)}</b>" if node.is_stack else escape(node.name)
    yield (
        f'<tr><td style="padding-left:{depth * 1.5 + 0.5}em" title="{escape(node.type)}">{name}</td>'
        f"<td>{escape(word(node))}</td><td>{duration(node.seconds(end)) if node.spans else ''}</td>"
        f'<td class="lane"><div class="bars">{bars}</div></td></tr>'
    )
    if node.failure:
        yield f'<tr><td colspan="4" class="why">{escape(node.failure.reason or node.failure.status)}</td></tr>'
    for child in node.children:
        yield from _rows(child, depth + 1, begin, end)


def _bar(node: Node, span: Span, begin: datetime, end: datetime) -> str:
    """A stretch of time, as far along and as wide as it was long."""
    whole = max((end - begin).total_seconds(), 1.0)
    left = (span.began - begin).total_seconds() / whole * 100
    width = ((span.ended or end) - span.began).total_seconds() / whole * 100
    colour = _COLOURS[_state(node, span)]
    told = f"{span.status} {span.began.astimezone(UTC):%H:%M:%S}"
    return f'<span style="left:{left:.2f}%;width:{width:.2f}%;background:{colour}" title="{escape(told)}"></span>'


def _state(node: Node, span: Span) -> State:
    """What came of a stretch by itself, whatever came after it."""
    if span.status.endswith("_FAILED"):
        return State.FAILED if node.state is State.FAILED else State.CANCELLED
    if span.undoing:
        return State.UNDONE
    return State.DONE if span.ended else State.WORKING

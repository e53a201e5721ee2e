"""docs/cost.md: what the shipped environments cost."""

from collections.abc import Iterable, Mapping, Sequence

from generator.config.settings import Settings
from generator.cost import variants
from generator.cost.assumptions import SENTENCES
from generator.cost.estimate import Estimate, estimate
from generator.cost.items import GROUPS
from generator.cost.prices import Prices, Source
from generator.cost.report import compared, origins, remarks, row, sign, total

REGION = "us-east-1"
OPENING = """\
# What it costs

Written by `make docs/cost.md` from service.yml and `generator/cost/prices.yml`; edit those, not this. For your own
settings and region: `make airflow-cost`. Amounts are of one day unless they say otherwise; a range is from the fewest
to the most of what scales. A price after ~ is an estimate, as its source says, and where no price is known the table
says that, too: those of China are published nowhere that could be read. `make airflow-prices` asks AWS's price list for
all of them, with your credentials."""


def document(environments: Mapping[str, Settings], prices: Prices) -> str:
    """Return docs/cost.md: each environment line by line and all side by side, networks and regions of the first."""
    first = next(iter(environments))
    settings = environments[first]
    side_by_side = {
        f"Environments, in {REGION}": variants.environments(environments, REGION, prices),
        f"NAT against endpoints: {first} with every network, in {REGION}": variants.modes(settings, REGION, prices),
        f"Regions: {first} in each": variants.regions(settings, prices),
    }
    each = [estimate(one, REGION, prices) for one in environments.values()]
    blocks = [OPENING]
    blocks += [f"## {title}\n\n{_grid(compared(some))}" for title, some in side_by_side.items()]
    blocks += [_line_by_line(one) for one in each]
    blocks += [
        "## Assumed\n\n" + _list(SENTENCES),
        "## Prices from\n\n" + _list(origins(_used(each, side_by_side.values()))),
    ]
    return "\n\n".join(blocks) + "\n"


def _line_by_line(one: Estimate) -> str:
    rows: list[Sequence[str]] = [("What", "How many", "Hours a day", "Price of one", "A day")]
    for group in GROUPS:
        lines = [line for line in one.lines if line.item.group == group]
        rows += [(f"**{group}**", "", "", "", f"**{total(one, group)}**"), *map(row, lines)] if lines else []
    rows.append((f"**All of it, in {sign(one)}**", "", "", "", f"**{total(one)}**"))
    rows.append((f"**A month, in {sign(one)}**", "", "", "", f"**{total(one, month=True)}**"))
    notes = list(remarks(one))
    return f"## {one.environment} in {one.region}\n\n{_grid(rows)}" + (f"\n\n{_list(notes)}" if notes else "")


def _grid(rows: Sequence[Sequence[str]]) -> str:
    head, *body = ["| " + " | ".join(cells) + " |" for cells in rows]
    return "\n".join([head, "|---" + "|---:" * (len(rows[0]) - 1) + "|", *body])


def _list(sentences: Iterable[str]) -> str:
    return "\n".join(f"- {sentence}" for sentence in sentences)


def _used(each: Iterable[Estimate], compared_ones: Iterable[Sequence[tuple[str, Estimate]]]) -> Mapping[str, Source]:
    """Sources of all that is shown, in order of name."""
    shown = [*each, *(one for some in compared_ones for _, one in some)]
    return dict(sorted((name, source) for one in shown for name, source in one.sources.items()))

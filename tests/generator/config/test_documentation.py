"""docs/settings.md lists every setting and every finding, and is as the models say now."""

from pathlib import Path

from generator.config.check import RULES
from generator.config.documentation import markdown
from generator.config.fields import Change
from generator.config.leaves import leaves
from generator.config.settings import Settings

COMMITTED = Path(__file__).parents[3] / "docs" / "settings.md"


def test_the_committed_page_is_what_the_models_say() -> None:
    assert COMMITTED.read_text() == markdown(), "write it again: generator.config.documentation.markdown()"


def test_every_setting_has_a_row_and_every_finding_too() -> None:
    page = markdown()
    for leaf in leaves(Settings):
        assert (f"| `{leaf.dotted}` |" in page) == (leaf.dotted != "environment"), leaf.dotted
    for rule in RULES:
        assert f"| `{rule.name}` | {rule.level} | {rule.meaning} |" in page


def test_every_policy_is_explained() -> None:
    page = markdown()
    assert [change.name for change in Change if f": {change.value}\n" not in page] == []


def test_rows_have_as_many_cells_as_their_heads() -> None:
    cells = 0
    for line in markdown().splitlines():
        bars = line.replace("\\|", "").count("|")
        cells = bars if line.startswith(("| key", "| name")) else cells
        assert bars in (0, cells), line

from __future__ import annotations

from pathlib import Path

from generator.config.environments import load
from generator.cost.assumptions import SENTENCES
from generator.cost.document import document
from tests.generator.cost.deployments import SHIPPED, settings

CHECKOUT = Path(__file__).parents[3]
ENVIRONMENTS = ("stage", "dev", "prod")


def test_the_document_is_what_service_yml_and_the_prices_say() -> None:
    every = {name: load(CHECKOUT / "service.yml", name) for name in ENVIRONMENTS}

    assert (CHECKOUT / "docs" / "cost.md").read_text(encoding="utf-8") == document(every, SHIPPED), "make docs/cost.md"


def test_the_document_shows_each_environment_and_says_what_it_assumed() -> None:
    text = document({"stage": settings({"environment": "stage"}), "dev": settings({"environment": "dev"})}, SHIPPED)

    for title in ("## stage in us-east-1", "## dev in us-east-1", "## Assumed", "## Prices from"):
        assert f"\n{title}\n" in text
    assert all(f"- {sentence}\n" in text for sentence in SENTENCES)
    assert "no price | no price |" in text  # China


def test_every_table_has_as_many_cells_in_each_row() -> None:
    text = document({"stage": settings({"environment": "stage"})}, SHIPPED)
    tables = [block for block in text.split("\n\n") if block.startswith("|")]

    assert len(tables) == 4
    for rows in tables:
        assert len({row.count("|") for row in rows.splitlines()}) == 1

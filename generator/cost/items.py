"""What is billed, without prices: so many of something, for so many hours a day."""

from dataclasses import dataclass

from generator.cost.assumptions import Range

TASKS, NETWORK, DATA, REST = "Tasks", "Network", "Database and broker", "Logs, secrets and the rest"
GROUPS = (TASKS, NETWORK, DATA, REST)


@dataclass(frozen=True)
class Item:
    """Something that AWS bills: `many` units of what the price `key` is for, in one of the GROUPS.

    Units of a price by the hour are billed `hours` a day, those of a price by the month a month's share of them;
    those of a price per use are what one day takes.
    """

    group: str
    what: str
    key: str
    many: Range
    hours: float = 24

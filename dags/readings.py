"""Two DAGs that meet in an asset: one publishes sensor readings, the other starts whenever new ones are there.

Trigger `publish_readings`; `summarise_readings` (once it is not paused) runs by itself and reads what came with the
asset's event.
"""

import logging
import random
from collections.abc import Iterator
from statistics import fmean

from airflow.sdk import Asset, Metadata, dag, get_current_context, task

log = logging.getLogger(__name__)

READINGS = Asset("readings", group="example")


@dag(schedule=None, tags=["example", "assets"], doc_md=__doc__)
def publish_readings() -> None:
    @task(outlets=[READINGS])
    def publish() -> Iterator[Metadata]:
        """Publish a few temperatures with the event of the asset."""
        degrees = [round(random.gauss(21, 2), 1) for _ in range(5)]
        log.info("published %s", degrees)
        yield Metadata(READINGS, extra={"degrees": degrees})

    publish()


@dag(schedule=[READINGS], tags=["example", "assets"], doc_md=__doc__)
def summarise_readings() -> None:
    @task
    def summarise() -> list[float]:
        """Average each event's readings; there is none when somebody triggers this DAG by hand."""
        events = get_current_context()["triggering_asset_events"].get(READINGS, [])
        means = [fmean(event.extra["degrees"]) for event in events]
        for mean in means:
            log.info("average of the readings: %.1f degrees", mean)
        return means

    summarise()


publish_readings()
summarise_readings()

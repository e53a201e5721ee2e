"""As many tasks as you ask for: dynamic task mapping, and something to watch the number of workers by.

Estimates pi. Trigger it with other parameters (`chunks`, `seconds`) to fill the workers' slots: queued tasks are what
the number of workers follows.
"""

import logging
import random
import time

from airflow.sdk import Param, dag, get_current_context, task

log = logging.getLogger(__name__)


@dag(
    schedule=None,
    tags=["example", "scaling"],
    doc_md=__doc__,
    params={
        "chunks": Param(4, type="integer", minimum=1, maximum=1000, description="How many tasks to run side by side"),
        "seconds": Param(1, type="number", minimum=0.1, maximum=3600, description="How long each of them takes"),
    },
)
def fan_out() -> None:
    @task
    def seeds() -> list[int]:
        """One seed a chunk; how many there are is known only when the DAG runs."""
        return list(range(get_current_context()["params"]["chunks"]))

    @task
    def throw(seed: int) -> dict[str, int]:
        """Throw darts at a square for the time asked for and count those inside the circle."""
        generator = random.Random(seed)  # noqa: S311 - nothing is kept secret with it
        seconds = get_current_context()["params"]["seconds"]
        log.info("chunk %d: throwing for %s seconds", seed, seconds)
        end = time.monotonic() + seconds
        thrown = inside = 0
        while time.monotonic() < end:
            thrown += 1
            inside += generator.random() ** 2 + generator.random() ** 2 <= 1
        log.info("chunk %d: %d of %d inside", seed, inside, thrown)
        return {"thrown": thrown, "inside": inside}

    @task
    def pi(chunks: list[dict[str, int]]) -> float:
        """Put the chunks together."""
        thrown = sum(chunk["thrown"] for chunk in chunks)
        estimate = 4 * sum(chunk["inside"] for chunk in chunks) / thrown
        log.info("pi is about %.4f after %d darts in %d chunks", estimate, thrown, len(chunks))
        return estimate

    pi(throw.expand(seed=seeds()))


fan_out()

"""Connections to the database by component, as PostgreSQL itself lists them, asked from a container of the image."""

import subprocess
from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from tests.containers.cluster import Cluster

# One snapshot of the list lasts as long as a transaction does: each look is one of its own.
_LOOK = """
import os, time
from airflow_runtime.connections import Database
import psycopg2
to = Database.of(os.environ)
connection = psycopg2.connect(host=to.host, port=to.port, dbname=to.name, user=to.user, password=to.password,
                              sslmode="require", application_name="observer")
connection.autocommit = True
cursor = connection.cursor()
while True:
    cursor.execute("SELECT application_name, count(*) FROM pg_stat_activity"
                   " WHERE backend_type = 'client backend' AND datname = current_database() GROUP BY 1")
    print(*(f"{name or '?'}={count}" for name, count in cursor), flush=True)
    time.sleep(0.1)
"""


class Observed:
    """What has been seen so far; `most` begins anew each time it is taken."""

    def __init__(self, file: Path) -> None:
        self._file = file
        self._read = 0

    def most(self) -> Counter[str]:
        """The most connections of each component that were there at once since the last call."""
        most: Counter[str] = Counter()
        lines = self._file.read_text().splitlines()
        for line in lines[self._read :]:
            most |= Counter({name: int(count) for name, count in (pair.split("=") for pair in line.split())})
        self._read = len(lines)
        del most["observer"]
        return most


@contextmanager
def observing(cluster: Cluster, image: str, file: Path) -> Iterator[Observed]:
    """Look for as long as the block lasts."""
    task = cluster.definition("scheduler")
    variables: Mapping[str, str] = {**task.environment, **task.secrets}
    given = {name: value for name, value in variables.items() if name.startswith("DATABASE_")}
    words = ["docker", "run", "--rm", "--network=host", *(f"--env={name}" for name in given), "--entrypoint=python"]
    with file.open("wb") as output:
        process = subprocess.Popen(
            [*words, "--name=observer", image, "-c", _LOOK],
            env=cluster.engine.environment | given,
            stdout=output,
            stderr=subprocess.STDOUT,
        )
    try:
        yield Observed(file)
    finally:
        cluster.engine.run("rm", "--force", "observer", check=False)
        process.wait(60)

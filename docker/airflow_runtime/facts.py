"""What an image holds, for those who roll it out: `python -m airflow_runtime.facts` prints it as JSON.

Without importing Airflow, which takes seconds: versions as Python's packages say them, revisions of the database as
the text of the migrations does. A database at a revision that is `known` can be served by the image: it migrates it
to the `heads`.
"""

import json
import platform
import sys
from collections.abc import Iterable
from importlib.metadata import PackageNotFoundError, version

from airflow_runtime import exits, migration


def facts(search_path: Iterable[str] = sys.path) -> dict[str, object]:
    """Versions and revisions of the Airflow on `search_path`. Raises NotMigratedError or PackageNotFoundError."""
    return {
        "airflow": version("apache-airflow"),
        "python": platform.python_version(),
        "database": {
            table: {"heads": sorted(found.heads), "known": sorted(found.known)}
            for table, found in migration.expected(search_path).items()
        },
    }


def main() -> int:
    """Print the facts; return the exit status."""
    try:
        found = facts()
    except (PackageNotFoundError, migration.NotMigratedError) as error:
        sys.stderr.write(f"this image holds no Airflow: {error}\n")
        return exits.MISCONFIGURED
    sys.stdout.write(json.dumps(found) + "\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())

"""What an image says of itself: its Airflow, its Python, and the states of the database it can work with.

The image prints it as JSON (`python -m airflow_runtime.facts`). It is kept in the foundation's bucket under the image's
digest, so that a rollback knows what an image can do without an engine to start it with; and under its content's tag
from before the push, so that whoever comes after an interrupted one knows it, too.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass

from botocore.exceptions import ClientError

from deployer.aws import Aws
from deployer.errors import DeployError, error_code


@dataclass(frozen=True)
class History:
    """The migrations of one version table: `heads` are what Airflow wants, `known` is every revision it knows."""

    heads: tuple[str, ...]
    known: frozenset[str]


@dataclass(frozen=True)
class ImageFacts:
    """Versions of Airflow and Python, and the migrations by version table, for example `alembic_version`."""

    airflow: str
    python: str
    database: Mapping[str, History]

    @property
    def heads(self) -> dict[str, str]:
        """The database's revisions once this image has migrated it, by version table."""
        return {table: ",".join(history.heads) for table, history in self.database.items()}

    def serves(self, revisions: Mapping[str, str]) -> bool:
        """Whether a database at these revisions, by version table, can be worked with: if need be, migrated up.

        Airflow migrates upwards only from a revision that it knows
        (https://airflow.apache.org/docs/apache-airflow/stable/installation/upgrading.html). A table it does not know
        belongs to a provider it does not have, and is left alone.
        """
        return all(
            set(revision.split(",")) <= self.database[table].known
            for table, revision in revisions.items()
            if table in self.database
        )


def parse(text: str) -> ImageFacts:
    """Read what an image has printed. Raises DeployError when it is something else."""
    try:
        told = json.loads(text.strip().splitlines()[-1])
        return ImageFacts(told["airflow"], told["python"], {n: _history(h) for n, h in told["database"].items()})
    except (ValueError, LookupError, TypeError, AttributeError) as error:
        raise DeployError(
            "the image does not say what is in it: `python -m airflow_runtime.facts` printed something else",
            "is it made from docker/Dockerfile?",
        ) from error


def as_text(facts: ImageFacts) -> str:
    """The facts as the image prints them, on one line."""
    database = {n: {"heads": list(h.heads), "known": sorted(h.known)} for n, h in facts.database.items()}
    return json.dumps({"airflow": facts.airflow, "python": facts.python, "database": database}, sort_keys=True)


def store(aws: Aws, bucket: str, name: str, facts: ImageFacts) -> None:
    """Keep the facts of an image in the foundation's bucket, under its digest or its content's tag."""
    body = as_text(facts).encode()
    aws.s3.put_object(Bucket=bucket, Key=key(name), Body=body, ContentType="application/json")


def stored(aws: Aws, bucket: str, name: str) -> ImageFacts | None:
    """The facts of an image from the foundation's bucket; None when nobody has kept them there."""
    try:
        body = aws.s3.get_object(Bucket=bucket, Key=key(name))["Body"].read()
    except ClientError as error:
        # Whoever may not list the bucket gets 403 for what is not there: that is no answer, and is raised.
        if error_code(error) in {"404", "NoSuchKey", "NotFound"}:
            return None
        raise
    return parse(body.decode())


def key(name: str) -> str:
    """Key of the object: `name` is `sha256:<hex>`, or `content-<hex>`."""
    return f"images/{name.removeprefix('sha256:')}.json"


def _history(told: Mapping[str, list[str]]) -> History:
    return History(tuple(told["heads"]), frozenset(told["known"]))

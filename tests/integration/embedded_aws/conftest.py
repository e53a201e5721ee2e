"""An embedded AWS of a checkout of its own, so that tests touch nobody's running one."""

import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest

from local import embedded_aws
from local.embedded_aws import Endpoint
from local.layout import Layout

HERE = Path(__file__).parents[3]


@pytest.fixture(scope="session")
def layout() -> Iterator[Layout]:
    """A copy of `local`. Not under pytest's folders: PostgreSQL, as another user, could not enter them."""
    checkout = Path(tempfile.mkdtemp(prefix="embedded-aws-"))
    checkout.chmod(0o755)
    shutil.copytree(HERE / "local", checkout / "local", ignore=shutil.ignore_patterns("__pycache__"))
    copied = Layout(checkout)
    yield copied
    embedded_aws.stop(copied)
    left = running_in(checkout)
    shutil.rmtree(checkout)
    assert left == []


@pytest.fixture
def endpoint(layout: Layout) -> Iterator[Endpoint]:
    """A running embedded AWS with nothing in it."""
    yield embedded_aws.start(layout, lambda _: None)
    embedded_aws.stop(layout)


def running_in(checkout: Path) -> list[str]:
    """The command lines of processes that speak of a checkout."""
    lines = []
    for process in psutil.process_iter():
        try:
            line = " ".join(process.cmdline())
        except psutil.Error:
            continue
        if str(checkout) in line:
            lines.append(line)
    return lines

"""A private engine, the stand-in for the official image, and the project's image, once for all tests of this folder.

Builds and containers use the host's network (`--network host`): the engine has none of its own.
"""

from collections.abc import Iterator

import pytest

from tests.containers.base import CHECKOUT, have_base
from tests.containers.engine import Engine, missing, private_engine
from tests.shell import IN_CI

BUILD_OPTIONS = "--network host"


@pytest.fixture(scope="session")
def engine() -> Iterator[Engine]:
    """An engine for this run alone. Without its tools: a failure in CI, elsewhere a skip; either says what to do."""
    if lacking := missing():
        if IN_CI:
            pytest.fail(lacking, pytrace=False)
        pytest.skip(lacking)
    with private_engine() as started:
        yield started


@pytest.fixture(scope="session")
def build_options() -> str:
    """What every build on this engine needs."""
    return BUILD_OPTIONS


@pytest.fixture(scope="session")
def base_image(engine: Engine) -> str:
    """The reference that docker/Dockerfile builds on; the engine has it."""
    return have_base(engine)


@pytest.fixture(scope="session")
def image(engine: Engine, base_image: str) -> str:
    """The project's image, built from the checkout as a person would by hand."""
    name = "airflow-by-hand:latest"
    engine.run("build", *BUILD_OPTIONS.split(), "--file", "docker/Dockerfile", "--tag", name, ".", cwd=CHECKOUT)
    return name

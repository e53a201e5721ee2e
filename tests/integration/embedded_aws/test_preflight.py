"""The AWS inside the machine has what every environment wants, as far as it can be asked."""

from pathlib import Path

import pytest

from deployer.aws import connect
from deployer.preflight.checks import check
from deployer.preflight.findings import Level
from deployer.verbs.wanted import wanted_of
from generator.config.environments import load
from local.embedded_aws import Endpoint

SETTINGS = Path(__file__).parents[3] / "service.yml"


@pytest.mark.parametrize("environment", ["local", "dev", "prod"])
def test_nothing_is_lacking(endpoint: Endpoint, environment: str) -> None:
    aws = connect(endpoint.session(), endpoint.url)
    found = check(aws, wanted_of(load(SETTINGS, environment), aws.region))
    assert [str(one) for one in found if one.level is not Level.NOTE] == []

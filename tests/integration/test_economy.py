"""A deploy without a change is quick because it asks for little: the requests of the whole command are counted."""

from pathlib import Path

from deployer import cli
from deployer.aws import connect
from deployer.deploying.deployment import Deployed
from deployer.options import parser
from deployer.verbs.deploying import bring
from deployer.verbs.offline import settings_of
from local.embedded_aws import Endpoint
from tests.listening import listened_to

BUDGET = 15


def test_a_deploy_without_a_change_asks_for_little(endpoint: Endpoint, tmp_path: Path) -> None:
    chosen = ["deploy", "--environment", "local", "--out", str(tmp_path / "templates"), "--yes"]
    options = parser(cli.VERBS, {}).parse_args(chosen)
    settings = settings_of(options)
    made = bring(settings, options, connect(endpoint.session(), endpoint.url))
    assert outcomes(made) == ("created", "created")

    calls: list[str] = []
    made = bring(settings, options, listened_to(connect(endpoint.session(), endpoint.url), calls.append))
    assert outcomes(made) == ("unchanged", "unchanged")
    assert len(calls) <= BUDGET, calls


def outcomes(made: Deployed) -> tuple[str, str]:
    return made.foundation.outcome, made.root.outcome

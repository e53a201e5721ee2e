"""A Fernet key among the variables of whoever deploys: what the root is told of it."""

from __future__ import annotations

import pytest

from deployer.deploying import fernet
from deployer.errors import DeployError
from deployer.tools import Tools
from deployer.verbs.deploying import fernet_key, parameters
from tests.deployer.deploying.test_fernet import KEY, OTHER, Scene
from tests.deployer.scripted_clients import scripted
from tests.deployer.verbs.test_destroying import FERNET, SERVICE
from tests.deployer.verbs.test_destroying import settings as settings_of

GIVEN = f"secrets: {{fernet: '{FERNET}'}}\n"


@pytest.mark.parametrize("image", ["", "an-image"])
def test_without_a_word_of_it_the_root_keeps_the_key_it_has(image: str) -> None:
    told = parameters(settings_of(), image)
    assert "FernetSecretArn" not in told
    assert told["JwtSecretArn"] == ""
    assert ("Image" in told) is bool(image)
    assert parameters(settings_of(SERVICE + GIVEN), image)["FernetSecretArn"] == FERNET


def test_what_is_no_key_stops_it_before_anything() -> None:
    with pytest.raises(DeployError, match="no Fernet key"):
        fernet_key(settings_of(), Tools(scripted({})), "nonsense")


def test_service_yml_comes_first() -> None:
    said = list[str]()
    put_away = fernet_key(settings_of(SERVICE + GIVEN), Tools(scripted({}), said.append), "nonsense")
    assert put_away(None) == fernet.Brought()
    assert said == ["AIRFLOW__CORE__FERNET_KEY is not used: secrets.fernet in service.yml names the key"]


@pytest.mark.parametrize("kms", ["", "kms: {customerKey: true}\n"])
def test_it_is_put_away_as_the_settings_want_it(kms: str) -> None:
    scene, settings = Scene(), settings_of(SERVICE + kms)
    brought = fernet_key(settings, scene.tools, KEY)(None)

    (secret,) = scene.secrets.secrets.values()
    assert brought.parameters == {"FernetSecretArn": secret.arn}
    assert secret.tags.items() >= settings.all_tags.items()
    assert secret.key == ("arn:key" if kms else "")


def test_another_key_than_stands_is_refused_before_a_deploy_begins() -> None:
    scene, settings = Scene(), settings_of()
    arn = scene.secrets.put("given", OTHER)
    stands = scene.stands(FernetSecretArn=arn)
    scene.cloud._get(stands.id).values = {"FernetSecretArn": arn}

    with pytest.raises(DeployError, match="another key than airflow-dev has"):
        fernet_key(settings, scene.tools, KEY)
    fernet_key(settings, scene.tools, OTHER)


@pytest.mark.parametrize("status", ["REVIEW_IN_PROGRESS", "ROLLBACK_COMPLETE", "CREATE_FAILED"])
def test_before_an_environment_stands_there_is_nothing_to_compare_with(status: str) -> None:
    scene = Scene()
    arn = scene.secrets.put("given", OTHER)
    scene.cloud._get(scene.stands(status).id).values = {"FernetSecretArn": arn}
    fernet_key(settings_of(), scene.tools, KEY)

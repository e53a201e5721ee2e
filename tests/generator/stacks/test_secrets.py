"""Secrets: made once, unless they exist already, and kept as long as what they open."""

import json
from typing import Any

import pytest

from generator.airflow.components import secret_names
from generator.stacks import secrets
from tests.generator.stacks.alone import Body, alone, output, policies, properties, settings_with, skipped


def rendered(overrides: dict[str, Any] | None = None, key: str | None = None) -> Body:
    settings = settings_with(overrides)
    return alone(secrets.build, secrets.Inputs(dict.fromkeys(secret_names(settings), ""), key), settings)


def generated(body: Body) -> dict[str, dict[str, Any]]:
    return {name: properties(body, name)["GenerateSecretString"] for name in body["Resources"]}


def test_the_defaults_need_six_secrets_and_flower_one_more() -> None:
    usual = {f"{name}Secret" for name in ("Admin", "Broker", "Database", "Fernet", "Jwt", "Session")}
    assert set(rendered()["Resources"]) == usual
    assert set(rendered({"service": {"flower": {"enabled": True}}})["Resources"]) == usual | {"FlowerSecret"}
    assert set(rendered({"celeryBackend": {"engine": "sqs"}})["Resources"]) == usual - {"BrokerSecret"}


def test_one_that_exists_already_is_handed_on_and_none_is_made() -> None:
    body = rendered()
    for name in ("Database", "Fernet"):
        condition = body["Resources"][f"{name}Secret"]["Condition"]
        assert body["Conditions"][condition] == {"Fn::Equals": [{"Ref": f"{name}SecretArn"}, ""]}
        made, given = {"Ref": f"{name}Secret"}, {"Ref": f"{name}SecretArn"}
        assert output(body, f"{name}SecretArn") == {"Fn::If": [condition, made, given]}


def test_no_template_knows_a_value() -> None:
    for name in rendered()["Resources"]:
        assert "SecretString" not in properties(rendered(), name)


def test_each_is_as_long_as_what_it_is_for_wants_it() -> None:
    found = generated(rendered({"service": {"flower": {"enabled": True}}}))
    assert found["FernetSecret"]["PasswordLength"] == 43, "32 bytes in base 64 without the padding"
    assert found["JwtSecret"]["PasswordLength"] >= 64
    assert 16 <= found["BrokerSecret"]["PasswordLength"] <= 128
    for name, secret in found.items():
        assert secret["PasswordLength"] >= 24, name
        assert secret["ExcludePunctuation"] is True, f"{name} goes into an address or a header"


@pytest.mark.parametrize(("name", "user"), [("Database", "airflow"), ("Admin", "chief"), ("Flower", "flower")])
def test_a_password_has_its_user_beside_it(name: str, user: str) -> None:
    overrides = {"airflow": {"adminUser": "chief"}, "service": {"flower": {"enabled": True}}}
    secret = generated(rendered(overrides))[f"{name}Secret"]
    assert json.loads(secret["SecretStringTemplate"]) == {"username": user}
    assert secret["GenerateStringKey"] == "password"


@pytest.mark.parametrize(("retain", "policy"), [(True, "Retain"), (False, "Delete")])
def test_they_stay_where_the_database_stays_and_bear_no_name(retain: bool, policy: str) -> None:
    body = rendered({"retainData": retain})
    for name in body["Resources"]:
        assert policies(body, name) == (policy, policy)
        assert "Name" not in properties(body, name)


def test_the_customers_key_encrypts_each() -> None:
    body = rendered({"kms": {"customerKey": True}}, key="key")
    for name in body["Resources"]:
        assert properties(body, name)["KmsKeyId"] == {"Ref": "KeyArn"}
        assert not skipped(body, name)
    assert all(skipped(rendered(), name) == {"CKV_AWS_149"} for name in rendered()["Resources"])

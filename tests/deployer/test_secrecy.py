"""What is shown of values: names of what may be a secret, and never the secret."""

from __future__ import annotations

import json

import pytest

from deployer.secrecy import HIDDEN, hides, shown

VARIABLES = [{"Name": "SMTP_PASSWORD", "Value": "s3cret"}, {"Name": "LEVEL", "Value": "info"}]


@pytest.mark.parametrize(
    "name",
    [
        "MasterUserPassword",
        "SecretString",
        "AuthToken",
        "ApiKey",
        "/Settings/api_key",
        "ContainerDefinitions.worker.Environment.LEVEL.Value",
        "/ContainerDefinitions/0/Environment/1/Value",
    ],
)
def test_what_may_be_a_secret_by_its_name_is_not_shown(name: str) -> None:
    assert hides(name)
    assert shown(name, "s3cret") == ""


@pytest.mark.parametrize("name", ["DBInstanceClass", "Tags.0.Key", "Tags.Name.Value", "CidrBlock"])
def test_other_values_are_shown_as_they_are(name: str) -> None:
    assert not hides(name)
    assert shown(name, "10.0.0.0/16") == "10.0.0.0/16"


@pytest.mark.parametrize("given", [VARIABLES, {each["Name"]: each["Value"] for each in VARIABLES}])
def test_of_variables_the_names_are_shown(given: object) -> None:
    assert shown("ContainerDefinitions.worker.Environment", json.dumps(given)) == "LEVEL, SMTP_PASSWORD"
    inside = shown("ContainerDefinitions.worker", json.dumps({"Name": "worker", "Environment": given}))
    assert json.loads(inside) == {"Name": "worker", "Environment": "LEVEL, SMTP_PASSWORD"}


def test_names_inside_a_value_hide_what_they_name() -> None:
    options = [
        {"Name": "db_password", "Value": "s3cret"},
        {"Name": "size", "Value": "2"},
        {"Key": "team", "Value": "a"},
    ]
    told = json.loads(shown("Options", json.dumps({"Options": options, "apiKey": "s3cret"})))

    assert told["apiKey"] == HIDDEN
    assert [each["Value"] for each in told["Options"]] == [HIDDEN, "2", "a"]


@pytest.mark.parametrize(
    "text", ["postgres://u:s3cret@h/db", '["amqp://:s3cret@h"]', '{"a": {"b": "https://u:s3cret@h"}}']
)
def test_passwords_in_addresses_are_not_shown(text: str) -> None:
    told = shown("Command", text)
    assert "s3cret" not in told
    assert "@h" in told


def test_a_value_that_was_cut_off_is_shown_only_when_nothing_in_it_may_be_a_secret() -> None:
    assert shown("Definitions", '[{"Name": "w", "Environment": [{"Name": "A", "Value": "s3cr') == ""
    assert shown("Definitions", '[{"db_password": "s3cr') == ""
    assert shown("Definitions", '[{"Name": "w", "Ima') == '[{"Name": "w", "Ima'
    assert shown("Command", "{{resolve:ssm:a}}") == "{{resolve:ssm:a}}"

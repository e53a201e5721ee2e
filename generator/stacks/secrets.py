"""Secrets: passwords and keys, made by Secrets Manager and known to nobody else."""

import json
from dataclasses import dataclass

from troposphere import Ref, Template
from troposphere.secretsmanager import GenerateSecretString, Secret

from generator.config.settings import Settings
from generator.stacks.data import kept
from generator.stacks.nesting import Value


@dataclass(frozen=True)
class Inputs:
    """Secrets need nothing from other stacks."""


@dataclass(frozen=True)
class Outputs:
    """ARNs of the secrets."""

    database_secret_arn: Value
    broker_secret_arn: Value
    fernet_secret_arn: Value
    jwt_secret_arn: Value
    session_secret_arn: Value
    admin_secret_arn: Value


def build(template: Template, settings: Settings, inputs: Inputs) -> Outputs:  # noqa: ARG001
    """Secrets: passwords and keys, made by Secrets Manager.

    Lengths: a broker's token has 16 to 128 characters; Fernet wants 32 bytes in base 64, of which 43 alphanumerics
    are one spelling (the entrypoint adds the `=`); the JWT secret signs with SHA-512, hence 64.
    """

    def secret(logical_id: str, description: str, length: int, username: str = "") -> Value:
        generate = GenerateSecretString(PasswordLength=length, ExcludePunctuation=True)
        if username:
            generate.SecretStringTemplate = json.dumps({"username": username})
            generate.GenerateStringKey = "password"
        made = Secret(logical_id, Description=description, GenerateSecretString=generate)
        return Ref(template.add_resource(kept(made, settings)))

    return Outputs(
        database_secret_arn=secret("DatabaseSecret", "Airflow's database: user and password", 32, DATABASE_USER),
        broker_secret_arn=secret("BrokerSecret", "Airflow's broker: token", 64),
        fernet_secret_arn=secret("FernetSecret", "Key of the connections and variables in Airflow's database", 43),
        jwt_secret_arn=secret("JwtSecret", "Signs what Airflow's components say to each other", 64),
        session_secret_arn=secret("SessionSecret", "Signs sessions of Airflow's web interface", 64),
        admin_secret_arn=secret("AdminSecret", "Airflow's first user", 24, settings.airflow.admin_user),
    )


DATABASE_USER = "airflow"

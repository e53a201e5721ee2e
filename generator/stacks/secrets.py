"""Secrets: passwords and keys, made by Secrets Manager and known to nobody else."""

import json
from collections.abc import Mapping
from dataclasses import dataclass

from troposphere import Equals, If, Ref, Template
from troposphere.secretsmanager import GenerateSecretString, Secret

from generator.airflow.components import secret_names
from generator.config.settings import Settings
from generator.logical_ids import logical_id
from generator.stacks.data import OWN_KEY, accepted, kept
from generator.stacks.nesting import ByName, Value

DATABASE_USER = "airflow"
"""The database's user, made with it. Of a secret that exists already the password alone is read."""
FLOWER_USER = "flower"


@dataclass(frozen=True)
class Inputs:
    """Secrets that exist already, by name (an empty text: make one), and the customer's key."""

    secret_arn: ByName
    key_arn: Value | None


@dataclass(frozen=True)
class Outputs:
    """ARNs of the secrets, by name: those made here, and those given."""

    secret_arn: ByName


@dataclass(frozen=True)
class Wanted:
    """What a secret is for, and how long; with a user it is JSON of `username` and `password`."""

    description: str
    length: int
    user: str = ""


def build(template: Template, settings: Settings, inputs: Inputs) -> Outputs:
    """Secrets: passwords and keys, made by Secrets Manager unless they exist already.

    They stay wherever the database stays as a snapshot: without its Fernet key nobody could read it.
    """
    wanted = _wanted(settings)

    def secret(name: str) -> Value:
        given = inputs.secret_arn[name]
        made = f"Makes{logical_id(name)}Secret"
        template.add_condition(made, Equals(given, ""))
        resource = template.add_resource(kept(_secret(name, wanted[name], inputs.key_arn), settings))
        resource.Condition = made
        return If(made, Ref(resource), given)

    return Outputs(secret_arn={name: secret(name) for name in secret_names(settings)})


def _wanted(settings: Settings) -> Mapping[str, Wanted]:
    """Every secret there can be.

    Lengths: a broker's token has 16 to 128 characters; Fernet wants 32 bytes in base 64, of which 43 alphanumerics
    are one spelling (the entrypoint adds the `=`); the JWT secret signs with SHA-512, hence 64.
    https://docs.aws.amazon.com/AmazonElastiCache/latest/dg/auth.html
    https://github.com/fernet/spec/blob/master/Spec.md
    """
    return {
        "admin": Wanted("Airflow's first user", 24, settings.airflow.admin_user),
        "broker": Wanted("Airflow's broker: token", 64),
        "database": Wanted("Airflow's database: user and password", 32, DATABASE_USER),
        "fernet": Wanted("Key of the connections and variables in Airflow's database", 43),
        "flower": Wanted("Flower: user and password", 24, FLOWER_USER),
        "jwt": Wanted("Signs what Airflow's components say to each other", 64),
        "session": Wanted("Signs sessions of Airflow's web interface", 64),
    }


def _secret(name: str, wanted: Wanted, key_arn: Value | None) -> Secret:
    generate = GenerateSecretString(PasswordLength=wanted.length, ExcludePunctuation=True)
    if wanted.user:
        generate.SecretStringTemplate = json.dumps({"username": wanted.user})
        generate.GenerateStringKey = "password"
    secret = Secret(f"{logical_id(name)}Secret", Description=wanted.description, GenerateSecretString=generate)
    if key_arn is None:
        return accepted(secret, CKV_AWS_149=OWN_KEY)
    secret.KmsKeyId = key_arn
    return secret

"""Rules of the values in templates: no secrets, and nothing that is of one account, region or partition."""

import re
from collections.abc import Iterator

from tests.house_rules.house import House, Violation, said, walk

SECRET_PROPERTY = re.compile(r"(password|token|secretstring|privatekey|credential)$", re.IGNORECASE)
# Names of variables that hold a secret; those of Airflow's secrets backend only say where to look.
SECRET_VARIABLE = re.compile(r"PASSWORD|TOKEN|CREDENTIAL|PRIVATE|FERNET|SECRET(?!S__)|API_?KEY|ACCESS_KEY|_CONN(_|$)")
SECRET_VALUE = re.compile(r"AKIA[0-9A-Z]{16}|-----BEGIN|://[^/:@\s$]+:[^/@\s]+@")
GENERATORS = {"GenerateSecretString"}
DYNAMIC = re.compile(r"\{\{resolve:secretsmanager:[^}]+:SecretString(:\w+)?\}\}")
REGION = re.compile(r"\b(us|eu|ap|sa|ca|me|af|il|mx|cn)(-gov|-iso\w?)?-(north|south|east|west|central)+\w*-\d[a-z]?\b")
ACCOUNT = re.compile(r"(?<!\d)\d{12}(?!\d)")
PRINCIPAL = re.compile(r"^[a-z0-9.-]+\.amazonaws\.com$")


def secret_properties(house: House) -> Iterator[Violation]:
    """What is named like a secret is looked up when deploying, or made by Secrets Manager."""
    for resource in house.resources():
        for path, value in walk(resource.properties):
            names = [key for key in path if SECRET_PROPERTY.search(key)]
            if not names or GENERATORS & set(path) or isinstance(value, bool | int):
                continue
            if not DYNAMIC.fullmatch(_shortened(str(value))):
                yield resource.breaks(f"{names[-1]} is written out")


def _shortened(text: str) -> str:
    """A dynamic reference with what Sub fills in named without braces."""
    return re.sub(r"\$\{(\w+)\}", r"\1", text)


def secret_variables(house: House) -> Iterator[Violation]:
    """A container's variables hold no secrets, but for those that the user says are none."""
    own = house.settings.airflow.variables
    for resource in house.resources("ECS::TaskDefinition"):
        for container in resource.properties["ContainerDefinitions"]:
            for variable in container.get("Environment", []):
                name = variable["Name"]
                if SECRET_VARIABLE.search(name) and name not in own:
                    yield resource.breaks(f"variable {name} is named like a secret")


def secret_looking_values(house: House) -> Iterator[Violation]:
    """No text looks like an access key, a private key or an address with a password."""
    users = said(house.settings.model_dump(mode="json"))
    for text in house.every_text:
        found = SECRET_VALUE.search(text.value)
        if found and found.group() not in users:
            yield text.breaks("looks like a secret")


def secret_outputs(house: House) -> Iterator[Violation]:
    """No output is a secret's value."""
    for file, name, body in house.section("Outputs"):
        if "{{resolve:" in said(body) or SECRET_PROPERTY.search(name):
            yield Violation(file, name, "the output is a secret")


def partitions(house: House) -> Iterator[Violation]:
    """No text belongs to one partition: neither an ARN nor a host; service principals look the same in each."""
    for text in house.every_text:
        if re.search(r"\barn:aws[a-z-]*:", text.value):
            yield text.breaks("an ARN of one partition")
        if "amazonaws.com" in text.value and not (_is_principal(text.path) and PRINCIPAL.match(text.value)):
            yield text.breaks("a host of one partition")


def _is_principal(path: tuple[str, ...]) -> bool:
    return path[-2:] == ("Principal", "Service") or path[-2:-1] == ("Condition",) or "iam:PassedToService" in path


def places(house: House) -> Iterator[Violation]:
    """No text names an account, a region or a zone, but for those that the user names."""
    for text in house.every_text:
        if ACCOUNT.search(text.value):
            yield text.breaks("an account")
        if REGION.search(text.value):
            yield text.breaks("a region or zone")


RULES = (
    secret_properties,
    secret_variables,
    secret_looking_values,
    secret_outputs,
    partitions,
    places,
)

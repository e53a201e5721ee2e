"""How service.yml begins: five questions, and the page that their answers are written into."""

from collections.abc import Mapping
from dataclasses import dataclass
from string import Template

import yaml

from generator.config.environments import judged, overlay
from generator.config.source import SettingsError, parse


@dataclass(frozen=True)
class Question:
    """What is asked, and what an empty answer means."""

    name: str
    text: str
    default: str


QUESTIONS = (
    Question("name", "Name of the service: the first part of every stack's name", "airflow"),
    Question("owner", "Who answers for it: a tag on everything", "data-engineering"),
    Question("region", "AWS region, as eu-central-1; empty: what AWS_REGION says", ""),
    Question("address", "Your address (curl https://checkip.amazonaws.com); empty: nobody may enter yet", ""),
    Question("size", "Size: small (tens of DAGs), medium (hundreds), large", "small"),
)
DEFAULTS = {question.name: question.default for question in QUESTIONS}
ENVIRONMENTS = ("dev", "stage", "prod", "local")

# Sizes by measured need (docs/evidence.md): the web server starts in 25 CPU seconds, a busy slot takes 120 MiB.
SIZES: Mapping[str, Mapping[str, str]] = {
    "small": {
        "webserver": "cpu: 512, memory: 1024",
        "scheduler": "cpu: 256, memory: 1024",
        "dag_processor": "cpu: 256, memory: 1024",
        "triggerer": "cpu: 256, memory: 1024",
        "workers": "cpu: 512, memory: 2048, concurrency: 4",
        "database": "db.t4g.micro",
        "broker": "cache.t4g.micro",
        "prod_database": "instanceType: db.t4g.small, ",
    },
    "medium": {
        "webserver": "cpu: 1024, memory: 2048",
        "scheduler": "cpu: 512, memory: 1024",
        "dag_processor": "cpu: 512, memory: 1024",
        "triggerer": "cpu: 256, memory: 1024",
        "workers": "cpu: 1024, memory: 4096, concurrency: 8",
        "database": "db.t4g.medium",
        "broker": "cache.t4g.small",
        "prod_database": "",
    },
    "large": {
        "webserver": "cpu: 2048, memory: 4096",
        "scheduler": "cpu: 1024, memory: 2048",
        "dag_processor": "cpu: 1024, memory: 2048",
        "triggerer": "cpu: 512, memory: 2048",
        "workers": "cpu: 2048, memory: 8192, concurrency: 16",
        "database": "db.m7g.large",
        "broker": "cache.t4g.medium",
        "prod_database": "",
    },
}
PAGE = Template("""\
# Airflow on AWS: the one file you edit. All that can be said here, and what a change does: docs/settings.md
# yaml-language-server: $$schema=service.schema.json

$name
$owner
$region

# Who may open the web interface: networks (your address: curl https://checkip.amazonaws.com, then /32). []: nobody.
$address

# The components, each with CPU units (1024 is one vCPU) and MiB of memory, in Fargate's sizes.
service:
  cidrBlock: 10.0.0.0/16    # addresses of the network; its subnets lie inside
  webserver: {$webserver}
  scheduler: {$scheduler}
  dagProcessor: {$dag_processor}
  triggerer: {$triggerer}
  workers: {$workers}   # concurrency: tasks a worker runs side by side

metadataDb:
  instanceType: $database
  engineVersion: '17'       # PostgreSQL's major; AWS upgrades the minor

celeryBackend:
  instanceType: $broker

# One environment is laid over the settings above: export ENVIRONMENT=dev
environments:
  dev:                      # cheap, and thrown away: destroying it deletes database, logs and secrets
    retainData: false
    service:
      spot: all             # on spare capacity, which AWS may take back after two minutes
      hours: {start: '07:00', stop: '20:00', days: MON-FRI, timezone: UTC}   # no task runs, and costs, outside of them
      scheduler: {cpu: 256, memory: 512}
      dagProcessor: {cpu: 256, memory: 512}
  stage: {}
  prod:                     # survives the loss of a zone; three alarms by e-mail: add `alarms: {email: ...}`
    metadataDb: {${prod_database}multiAz: true, deletionProtection: true}
    celeryBackend: {numNodes: 2, azMode: cross-az}
    service:
      webserver: {desiredCount: 2}
      workers: {desiredCount: 2}
  local:                    # the AWS inside your machine: make airflow-local
    retainData: false
    whitelistedIPs: [127.0.0.1/32]
    service: {baseUrl: 'http://localhost:8080'}
""")
COLUMN = 28
ANY_REGION = "# region: eu-central-1      # a deploy to another one is refused; without it: AWS_REGION's"


def starting_file(answers: Mapping[str, str]) -> str:
    """The text of service.yml for these answers, by name of question; what is not answered is as the default."""
    given = {**DEFAULTS, **answers}
    region, address = given["region"], given["address"]
    network = f"{address}/32" if address and "/" not in address else address
    return PAGE.substitute(
        SIZES[given["size"]],
        name=_commented("serviceName", given["name"], "first part of every stack's name"),
        owner=_commented("owner", given["owner"], "a tag on everything"),
        region=_commented("region", region, "a deploy to another one is refused") if region else ANY_REGION,
        address=f"whitelistedIPs: [{_scalar(network)}]" if network else "whitelistedIPs: []",
    )


def problem(question: Question, answer: str) -> str | None:
    """What is wrong with an answer, by the rules of service.yml itself; None when it will do."""
    if question.name == "size" and answer not in SIZES:
        return f"write {', '.join(SIZES)}"
    try:
        whole = parse(starting_file({question.name: answer}), "service.yml")
        for environment in ENVIRONMENTS:
            judged(overlay(whole, environment))
    except SettingsError as error:
        return error.problems[0].what
    return None


def _commented(key: str, value: str, comment: str) -> str:
    """A line whose comment stands in one column with the others."""
    written = f"{key}: {_scalar(value)}  "
    return f"{written:<{COLUMN}}# {comment}"


def _scalar(text: str) -> str:
    """Text as YAML reads it back: plain where that is possible, in quotes otherwise."""
    try:
        plain = bool(text) and yaml.safe_load(f"[{text}]") == [text]
    except (yaml.YAMLError, ValueError):
        plain = False
    return text if plain else "'" + text.replace("'", "''") + "'"

"""A push of this checkout, played: its settings, its image, what the DAG check says."""

from __future__ import annotations

import io
from dataclasses import replace
from typing import Any

from deployer.checkout import CHECKOUT
from deployer.console.screen import Screen
from deployer.dag_checks.dags import DagReport, Finding
from deployer.images.content import content
from deployer.images.engine import Engine
from deployer.images.facts import ImageFacts, store
from deployer.images.programs import Call, Done, Told
from deployer.verbs import images as image_verbs
from deployer.verbs import rollback as rollback_verb
from generator.config import source
from generator.config.environments import judged, overlay
from generator.config.settings import Settings
from tests.deployer.scripted_environment import BUCKET, NEWER, Environment

SCREEN = Screen(io.StringIO(), io.StringIO(), {}, ())
GOOD = DagReport("3.3.2", files=3, dags=3, seconds=1, findings=())


BAD = replace(GOOD, findings=(Finding("dags/a.py", 7, "error", "No module named pandas"),))


def settings() -> Settings:
    text = "serviceName: airflow\nowner: data\nenvironments: {dev: {}}\n"
    return judged(overlay(source.parse(text, "service.yml"), "dev"))[0]


def nobody(call: Call, told: Told | None = None) -> Done:
    raise AssertionError(f"no engine is needed: {call.arguments}")


def push(environment: Environment, report: DagReport = GOOD, run: Any = nobody) -> image_verbs.Summary:
    return image_verbs.push(settings(), environment.tools, Engine(run=run), lambda _, __: report, screen=SCREEN)


def return_to(environment: Environment, number: int, *, nested: bool = True) -> image_verbs.Summary:
    return rollback_verb.return_to(settings(), environment.tools, number, SCREEN, nested=nested)


def published(environment: Environment, facts: ImageFacts = NEWER) -> str:
    """Let the image of this checkout be in the repository already."""
    tag = content(CHECKOUT, settings().build_arguments, "X86_64").tag
    digest = environment.repository.push(f"repository:{tag}")
    store(environment.aws, BUCKET, digest, facts)
    return f"{environment.target.repository}@{digest}"

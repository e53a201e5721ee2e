"""The verbs that need no AWS: they ask the generator, read and write files, and print."""

from __future__ import annotations

import argparse
import json
import os
import sys
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

from deployer.checkout import LOCAL
from deployer.console.lines import say
from deployer.errors import DONE, FAILED, Declined, DeployError

if TYPE_CHECKING:
    from generator.config.settings import Settings
    from generator.config.starting import Question


def render(options: argparse.Namespace) -> int:
    """Write the templates of one environment."""
    folder, changed = rendered(settings_of(options), options)
    say(f"{folder}: {'written' if changed else 'as it should be'}")
    return DONE


def validate(options: argparse.Namespace) -> int:
    """Check settings and templates without AWS; findings go to stdout."""
    from deployer.aws import require_region
    from deployer.validation import lint
    from generator.config.environments import load_with_findings
    from generator.config.findings import Level

    settings, said = load_with_findings(Path(options.settings), options.environment)
    regions = options.region or [region_of(settings)]
    for region in regions:
        require_region(region)
    folder, _ = rendered(settings, options)
    wrong = lint([folder], regions)
    for finding in (*said, *wrong):
        print(finding)
    warnings = sum(one.level is Level.WARNING for one in said)
    say(f"{options.settings}: warnings: {warnings}, notes: {len(said) - warnings}; {folder}: {len(wrong)} findings")
    return FAILED if wrong else DONE


def init(options: argparse.Namespace) -> int:
    """Ask five questions and write service.yml."""
    from generator.config.starting import DEFAULTS, QUESTIONS, starting_file

    file = Path(options.settings)
    if file.exists() and not options.force and file.read_bytes() != starting_file(DEFAULTS).encode():
        way_out = 'edit it; or write another one, SETTINGS=other.yml; or give it up, ARGS="--force"'
        raise DeployError(f"{file} is there already and would be overwritten", way_out)
    answers = {question.name: _answer(question) for question in QUESTIONS}
    _replace(file, starting_file(answers), "choose another file with SETTINGS=file")
    other = "" if file == Path("service.yml") else f" SETTINGS={file}"
    say(f"{file}: written. Next: make airflow-local{other}, or make airflow-validate ENVIRONMENT=dev{other}")
    return DONE


def cost(options: argparse.Namespace) -> int:
    """Show what an environment costs a day: line by line, and next to other environments, networks and regions."""
    from deployer.aws import require_region
    from generator.cost.estimate import estimate
    from generator.cost.prices import load
    from generator.cost.report import as_data, report

    settings, prices = settings_of(options), load()
    region = options.region or region_of(settings)
    require_region(region)
    if options.json:
        print(json.dumps(as_data(estimate(settings, region, prices)), indent=2))
    else:
        print(report(_environments(options), settings.environment, region, prices))
    return DONE


def cost_document(options: argparse.Namespace) -> int:
    """Print docs/cost.md."""
    from generator.cost.document import document
    from generator.cost.prices import load

    every = _environments(options)
    print(document({name: every[name] for name in ("stage", "dev", "prod")}, load()), end="")
    return DONE


def diagram(options: argparse.Namespace) -> int:
    """Draw the architecture of an environment from its rendered templates, as SVG."""
    from generator.diagram.draw import draw
    from generator.render import render as every_template

    settings = settings_of(options)
    file = Path(options.out or f"{settings.stack_name}.svg")
    _replace(file, draw(every_template(settings)), "choose another file with OUT=file.svg")
    say(f"{file}: written")
    return DONE


def settings_document(_: argparse.Namespace) -> int:
    """Print docs/settings.md."""
    from generator.config.documentation import markdown

    print(markdown(), end="")
    return DONE


def schema(_: argparse.Namespace) -> int:
    """Print the JSON schema of service.yml."""
    from generator.config.schema import schema as of_settings

    print(json.dumps(of_settings(), indent=2))
    return DONE


def region_of(settings: Settings) -> str:
    """Where the environment is deployed: as service.yml says, or the shell."""
    return settings.region or os.environ.get("AWS_REGION") or "us-east-1"


def _environments(options: argparse.Namespace) -> dict[str, Settings]:
    """Every environment of the settings file but the one inside this machine, which costs nothing."""
    from generator.config import source
    from generator.config.environments import defined, load

    file = Path(options.settings)
    return {name: load(file, name) for name in defined(source.read(file)) if name != LOCAL}


def settings_of(options: argparse.Namespace, *, told: bool = False) -> Settings:
    """Load the settings of the chosen environment; with `told`, say on stderr what is found risky in them."""
    from generator.config.environments import load_with_findings
    from generator.config.findings import Level

    settings, findings = load_with_findings(Path(options.settings), options.environment)
    for finding in findings:
        if told and finding.level is Level.WARNING:
            say(str(finding))
    return settings


def rendered(settings: Settings, options: argparse.Namespace) -> tuple[Path, bool]:
    """Write the templates; return their folder, and whether anything changed.

    Raises DeployError when the disk does not take them.
    """
    from generator.render import render as every_template
    from generator.render import write as write_folder

    folder = templates_of(settings, options)
    try:
        return folder, write_folder(every_template(settings), folder)
    except OSError as error:
        way_out = "choose another folder with OUT=dir"
        raise DeployError(f"{folder} cannot be written: {error.strerror}", way_out) from error


def templates_of(settings: Settings, options: argparse.Namespace) -> Path:
    """The folder of an environment's rendered templates."""
    out: str | None = getattr(options, "out", None)
    return Path(out) if out else Path("templates") / settings.environment


def require_reviewed(settings: Settings, options: argparse.Namespace) -> None:
    """With CI set, raise DeployError unless the committed templates are what is rendered now.

    What is deployed inside this machine is nobody's to review.
    """
    from deployer.plans import committed
    from deployer.plans.revisions import git_in
    from generator.render import current
    from generator.render import render as every_template

    if settings.environment == LOCAL or not os.environ.get("CI"):
        return
    folder = templates_of(settings, options)
    had = committed.committed(Path.cwd(), folder, current(folder), git_in(Path.cwd()))
    committed.require_committed(folder, had, every_template(settings))


def _answer(question: Question) -> str:
    """Ask until the answer will do; an empty one is the default. Raises Declined when nobody answers."""
    from generator.config.starting import problem

    while True:
        print(f"{question.text} [{question.default}]: ", end="", file=sys.stderr, flush=True)
        line = sys.stdin.readline()
        if not line:
            raise Declined("nothing was written: the questions were not answered")
        answer = line.strip() or question.default
        wrong = problem(question, answer)
        if wrong is None:
            return answer
        say(f"  {wrong}")


def _replace(file: Path, text: str, way_out: str) -> None:
    """Write a file whole or not at all. Raises DeployError when the disk does not take it."""
    beside = file.with_name(f".{file.name}.new")
    try:
        beside.write_text(text, encoding="utf-8")
        beside.replace(file)
    except OSError as error:
        raise DeployError(f"{file} cannot be written: {error.strerror}", way_out) from error
    finally:
        with suppress(OSError):
            beside.unlink()

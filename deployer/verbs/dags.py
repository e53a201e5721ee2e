"""The verbs that ask Airflow itself about the DAGs: whether all of them import, and what another version would say."""

from __future__ import annotations

import argparse
import json
import os
import re
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from deployer.checkout import CHECKOUT, LOCAL
from deployer.console.lines import say
from deployer.errors import DONE, FAILED, DeployError
from deployer.verbs.offline import settings_of

if TYPE_CHECKING:
    from deployer.dag_checks.dags import DagReport, Run
    from deployer.dag_checks.upgrades import Upgrade
    from generator.config.settings import Settings
    from local.airflow_versions import Other
    from local.layout import Layout
    from local.venvs import Run as RunUv


def check_dags(options: argparse.Namespace) -> int:
    """Import every DAG of dags/ and tell what is wrong with them, by file and line."""
    options.environment = options.environment or LOCAL  # which one it is makes little difference to a DAG
    found = checked(settings_of(options), say)
    if options.json:
        print(json.dumps(found.as_data(), indent=2))
    else:
        for finding in found.findings:
            print(finding)
    say(found.summary)
    return DONE if found.passed else FAILED


def checked(settings: Settings, report: Callable[[str], None]) -> DagReport:
    """Check the DAGs of this checkout as the DAG processor of these settings would take them in.

    The Airflow is the laptop's (docker/requirements-laptop.lock) with docker/requirements.txt, made when there is
    none. Raises LocalError when it cannot be made, DeployError when it does not work.
    """
    from deployer.dag_checks import dags
    from generator.config.settings import PYTHON
    from local.layout import Layout

    python, refused = laptops_airflow(Layout(CHECKOUT), settings, report)
    found = dags.check(CHECKOUT, of_dag_processor(settings), python, report, image_python=PYTHON)
    for line in differences(found.airflow, found.python, settings):
        report(f"checked with {line}")
    return dags.without_requirements(found, refused) if refused else found


def laptops_airflow(
    layout: Layout, settings: Settings, report: Callable[[str], None], run: RunUv | None = None
) -> tuple[Path, str]:
    """Return the python that has Airflow, and why docker/requirements.txt is not installed there, if so.

    It may well fit beside the image's Airflow, whose packages are not those of the laptop's lock: that is the
    build's to say.
    """
    from local import venvs

    run = run or venvs.asking(settings.image.package_index)
    try:
        return venvs.airflow(layout, report, run), ""
    except venvs.Unfit as error:
        return venvs.ensure(layout, "airflow", layout.checkout / venvs.AIRFLOW_LOCK, report, run), str(error)


def differences(airflow: str, python: str, settings: Settings) -> list[str]:
    """Return how the laptop's Airflow and its Python are others than the image's."""
    from generator.config.settings import PYTHON

    wanted = settings.airflow.version
    version = [f"Airflow {airflow}, the settings say {wanted}"] if airflow != wanted else []
    same = python.split(".")[:2] == PYTHON.split(".")
    return [*version, *([] if same else [f"Python {python}, the image has {PYTHON}"])]


def of_dag_processor(settings: Settings, shell: Mapping[str, str] = os.environ) -> dict[str, str]:
    """Return the variables of a DAG processor; of the secrets among them the names, and values only from the shell.

    What would let a DAG act in the account (AWS_...) is never taken from the shell.
    A Connection or Variable that is a secret is left out, for a value that is none would be worse: a DAG that reads
    it at import is told.
    """
    from deployer.dag_checks.dags import PLACEHOLDER
    from generator.airflow.components import components
    from generator.airflow.variables import chosen_variables, constant_variables

    [processor] = [one for one in components(settings) if one.name == "dag-processor"]
    names = [name for name in settings.airflow.secrets if not name.startswith("AIRFLOW_")]
    secret = {name: PLACEHOLDER if name.startswith("AWS_") else shell.get(name, PLACEHOLDER) for name in names}
    return {**secret, **constant_variables(processor, settings), **chosen_variables(settings)}


def upgrade_check(options: argparse.Namespace) -> int:
    """Say what another version of Airflow would do to the database, the settings and the DAGs."""
    from deployer.dag_checks import upgrades
    from local import airflow_versions, venvs
    from local.layout import Layout

    options.environment = options.environment or LOCAL
    settings, layout = settings_of(options), Layout(CHECKOUT)
    index = settings.image.package_index
    released = airflow_versions.released(variables=venvs.variables_of(index))
    upgrades.require_known(options.to, released)
    other = airflow_versions.ensure(layout, options.to, released.get(options.to, ""), say, venvs.asking(index))
    say(f"Airflow {options.to}, and beside it: {other.basis}")
    present, refused = laptops_airflow(layout, settings, say)
    if refused:
        say(refused)
    found = difference(CHECKOUT, settings, options_set(settings, options), present, other, say)
    if options.json:
        print(json.dumps(found.as_data() | {"basis": other.basis}, indent=2))
    else:
        for line in found.lines:
            print(line)
    say(found.summary)
    return FAILED if found.stands_against else DONE


def difference(
    checkout: Path,
    settings: Settings,
    where: Mapping[str, str],
    present: Path,
    other: Other,
    report: Callable[[str], None],
    run: Run | None = None,
) -> Upgrade:
    """Ask both Airflows what they are and what they say of the DAGs; `where` says where each option is set.

    Raises DeployError when the present one does not work. That the other one does not speaks against it.
    """
    from deployer.dag_checks import dags, upgrades
    from generator.config.settings import PYTHON

    asked = {"options": [name.split(".", maxsplit=1) for name in where]}
    facts: Sequence[dags.Facts] = [dags.facts(checkout, each, asked, run) for each in (present, other.python)]
    for line in differences(facts[0]["airflow"], facts[0]["python"], settings):
        report(f"compared with {line}")
    variables = of_dag_processor(settings)
    now = dags.check(checkout, variables, present, report, run, PYTHON)
    try:
        then: DagReport | str = dags.check(checkout, variables, other.python, report, run, PYTHON)
    except DeployError as error:
        then = str(error)
    return upgrades.compare(facts[0], facts[1], (now, then), where, other.refused)


def options_set(settings: Settings, options: argparse.Namespace) -> dict[str, str]:
    """Return where every option (section.option, in lower case) is set: a line of the settings, or this tool."""
    from generator.airflow.components import components
    from generator.airflow.reserved import RESERVED
    from generator.airflow.variables import constant_variables
    from generator.config import source
    from generator.config.environments import overlay

    text = overlay(source.read(Path(options.settings)), settings.environment)
    ours = [constant_variables(one, settings) for one in components(settings)]
    found = {_option_of(name): "set by this tool" for each in (*ours, RESERVED) for name in each}
    for key, names in (("variables", settings.airflow.variables), ("secrets", settings.airflow.secrets)):
        found |= {_option_of(name): str(text.position(("airflow", key, name))) for name in names}
    found |= {
        f"{section}.{name}".lower(): str(text.position(("airflow", "options", section, name)))
        for section, pairs in settings.airflow.options.items()
        for name in pairs
    }
    return {name: place for name, place in found.items() if name}


def _option_of(variable: str) -> str:
    """Return section.option of a variable AIRFLOW__SECTION__OPTION; a suffix that asks for a value elsewhere stays."""
    match = re.fullmatch(r"AIRFLOW__(\w+?)__(\w+)", variable)
    return f"{match[1]}.{match[2]}".lower() if match else ""

"""What an installed Airflow is: the revisions of its databases, its options, its providers."""

import ast
import functools
import platform
import re
from collections.abc import Iterable, Iterator, Sequence
from importlib.metadata import distributions
from importlib.util import find_spec
from pathlib import Path
from typing import Any

# The table that keeps a database's revision, and the folder of its migrations.
_MIGRATIONS = {"alembic_version": "airflow/migrations", "alembic_version_fab": "airflow/providers/fab/migrations"}


def facts(options: Sequence[tuple[str, str]]) -> dict[str, Any]:
    """Return version, migrations, providers, and of each option asked for what this Airflow says of it.

    That is nothing for an option it knows, `renamed`, `deprecated` or `unknown`, and words for it.
    """
    packages = {one.metadata["Name"].lower(): one.version for one in distributions()}
    return {
        "airflow": packages["apache-airflow-core"],
        "python": platform.python_version(),
        "migrations": {table: list(_migrations(folder)) for table, folder in _MIGRATIONS.items()},
        "providers": {name: version for name, version in packages.items() if "-providers-" in name},
        "options": {f"{section}.{option}": _verdict(section, option) for section, option in options},
    }


def _migrations(folder: str) -> Iterator[dict[str, Any]]:
    """Yield the migrations of a folder in their files' order, read without being run.

    https://alembic.sqlalchemy.org/en/latest/tutorial.html#create-a-migration-script
    """
    airflow = find_spec("airflow")
    for place in airflow.submodule_search_locations or () if airflow else ():
        for file in sorted(Path(place).parent.joinpath(folder, "versions").glob("[0-9]*.py")):
            tree = ast.parse(file.read_bytes())
            values = dict(_constants(tree.body))
            down = values.get("down_revision")
            title = (ast.get_docstring(tree) or file.stem).splitlines()[0]
            yield {
                "revision": values["revision"],
                "after": list(down) if isinstance(down, tuple) else [down] if down else [],
                "title": title.strip(),
            }


def _constants(statements: Iterable[ast.stmt]) -> Iterator[tuple[str, Any]]:
    for one in statements:
        target = (
            one.targets[0] if isinstance(one, ast.Assign) else one.target if isinstance(one, ast.AnnAssign) else None
        )
        value = one.value if isinstance(one, ast.Assign | ast.AnnAssign) else None
        if isinstance(target, ast.Name) and target.id in ("revision", "down_revision") and value is not None:
            yield target.id, ast.literal_eval(value)


def _verdict(section: str, option: str) -> dict[str, str]:
    """Say what this Airflow makes of an option, by its own table of options and by the rules of `config lint`."""
    from airflow.cli.commands.config_command import CONFIGS_CHANGES
    from airflow.configuration import conf

    section, option = section.lower(), option.lower()
    described = _described().get(section, {}).get("options", {}).get(option)
    if described is None and (asked := re.fullmatch(r"(\w+)_(cmd|secret)", option)):
        # the suffix asks for the value elsewhere; api_auth.jwt_secret is an option of that name and was found above
        return _verdict(section, asked[1])
    if described is not None:
        since, reason = described.get("version_deprecated"), described.get("deprecation_reason") or ""
        return {"is": "deprecated", "words": f"since {since}. {' '.join(reason.split())}"} if since else {}
    for (new_section, new_option), (old_section, old_option, since) in conf.deprecated_options.items():
        if (old_section, old_option) == (section, option):
            return {"is": "renamed", "words": f"[{new_section}] {new_option} since {since}"}
    for change in CONFIGS_CHANGES:
        if (change.config.section, change.config.option) == (section, option) and not change.default_change:
            to = f"[{change.renamed_to.section}] {change.renamed_to.option}" if change.renamed_to else ""
            words = ". ".join(part for part in (to and f"its successor is {to}", change.suggestion) if part)
            return {"is": "unknown", "words": words}
    return {"is": "unknown", "words": ""}


@functools.cache
def _described() -> dict[str, Any]:
    """Return the options that Airflow and its providers describe."""
    from airflow.configuration import conf
    from airflow.utils.providers_configuration_loader import providers_configuration_loaded

    described: dict[str, Any] = providers_configuration_loaded(lambda: conf.configuration_description)()
    return described

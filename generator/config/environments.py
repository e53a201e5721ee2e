"""One environment laid over the base of service.yml, and the whole judged: Settings, or every problem in its place."""

from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path
from typing import Any, TypeVar

from pydantic import ValidationError

from generator.config import legacy, source
from generator.config.check import check, check_what_is_sound
from generator.config.explanations import problems as explained
from generator.config.explanations import shown
from generator.config.findings import Level, LocatedFinding, located
from generator.config.settings import Settings
from generator.config.source import KeyPath, Problem, SettingsError, Source, dotted

T = TypeVar("T")
SECTION = "environments"
# What stands in for what must be written, so that the rest can be judged without it.
STAND_INS = {"environment": "dev", "serviceName": "airflow", "owner": "nobody"}


def load(file: Path, environment: str | None) -> Settings:
    """Read `file` and return the Settings of `environment`.

    Raises SettingsError with every problem found; also when `environment` is None or not defined, and then
    the message lists those that are.
    """
    return load_with_findings(file, environment)[0]


def load_with_findings(file: Path, environment: str | None) -> tuple[Settings, list[LocatedFinding]]:
    """Read `file`; return the Settings of `environment`, and what is risky or worth knowing about them.

    Raises SettingsError as `load` does.
    """
    whole = source.read(file)
    try:
        chosen = choose(whole, environment)
    except SettingsError as error:
        raise SettingsError(*error.problems, *_problems_of_base(whole)) from None
    return judged(overlay(whole, chosen))


def judged(overlaid: Source) -> tuple[Settings, list[LocatedFinding]]:
    """Settings from plain data, with their findings; raises SettingsError with every problem, each in its place."""
    try:
        settings = Settings.model_validate(overlaid.data)
    except ValidationError as error:
        wrong, findings = explained(overlaid, error.errors(include_url=False)), _findings_beside(overlaid, error)
    else:
        wrong, findings = [], located(overlaid, check(settings))
    errors = [one.problem() for one in findings if one.level is Level.ERROR]
    if every := _with_answers(overlaid, [*wrong, *errors]):
        raise SettingsError(*every)
    return settings, [one for one in findings if one.level is not Level.ERROR]


def choose(whole: Source, environment: str | None) -> str:
    """The environment's name if service.yml defines it; SettingsError that lists those defined otherwise."""
    names = defined(whole)
    if environment in names:
        return environment
    what = "ENVIRONMENT is not set" if not environment else f"ENVIRONMENT={environment} is not defined"
    if names:
        what += f"; defined here: {', '.join(names)} (export ENVIRONMENT=NAME)"
    else:
        what += "; none is defined here yet: add environments: {dev: {}}"
    raise SettingsError(Problem(whole.position((SECTION,)), SECTION, what), *whole.problems)


def defined(whole: Source) -> list[str]:
    """Names of the environments that service.yml defines, in its order."""
    base = _mapping(whole, whole.data, ())
    return list(_mapping(whole, base.get(SECTION) or {}, (SECTION,)))


def overlay(whole: Source, environment: str) -> Source:
    """The base with one environment laid over it: mappings merge key by key, everything else is replaced."""
    base = dict(_mapping(whole, whole.data, ()))
    sections = _mapping(whole, base.pop(SECTION, {}), (SECTION,))
    where: KeyPath = (SECTION, environment)
    laid = _mapping(whole, sections.get(environment) or {}, where)
    _refuse_reserved(whole, base, laid, where)
    return replace(
        whole,
        data={**merge(base, laid), "environment": environment},
        positions={**_laid(whole.positions, where), ("environment",): whole.position(where)},
        texts=_laid(whole.texts, where),
        problems=tuple(replace(one, path=one.path.removeprefix(f"{dotted(where)}.")) for one in whole.problems),
    )


def merge(base: dict[str, Any], laid: dict[str, Any]) -> dict[str, Any]:
    """Lay one mapping over another, recursively; neither is changed."""
    merged = dict(base)
    for key, value in laid.items():
        under = merged.get(key)
        merged[key] = merge(under, value) if isinstance(under, dict) and isinstance(value, dict) else value
    return merged


def _laid(known: dict[KeyPath, T], where: KeyPath) -> dict[KeyPath, T]:
    """What is known of each path, that of the environment over that of the base."""
    base = {path: value for path, value in known.items() if path[:1] != (SECTION,)}
    return base | {path[2:]: value for path, value in known.items() if path[:2] == where and path[2:]}


def _findings_beside(overlaid: Source, error: ValidationError) -> list[LocatedFinding]:
    """What the rules say of the sections that hold no mistake."""
    data = _mapping(overlaid, overlaid.data, ())
    broken = {str(one["loc"][0]) for one in error.errors(include_url=False) if one["loc"]}
    sound = STAND_INS | {key: value for key, value in data.items() if key not in broken}
    fields = {name for name, info in Settings.model_fields.items() if broken & {name, info.alias}}
    return located(overlaid, check_what_is_sound(Settings.model_validate(sound), fields))


def _with_answers(overlaid: Source, problems: Iterable[Problem]) -> list[Problem]:
    """What YAML could not read, and answers to what other deployers wrote, in place of what else is said of a key."""
    answers = [*overlaid.problems, *legacy.answers(overlaid)]
    answered = {answer.path for answer in answers}
    return [*answers, *(problem for problem in problems if problem.path not in answered)]


def _problems_of_base(whole: Source) -> list[Problem]:
    """What is wrong whatever the environment: the base alone, less what an environment may add."""
    if not isinstance(whole.data, dict):
        return []
    data = STAND_INS | {key: value for key, value in whole.data.items() if key != SECTION}
    base = replace(whole, data=data)
    try:
        Settings.model_validate(data)
    except ValidationError as error:
        return _with_answers(base, explained(base, error.errors(include_url=False)))
    return legacy.answers(base)


def _mapping(whole: Source, data: object, path: KeyPath) -> dict[str, Any]:
    if isinstance(data, dict):
        return data
    what = f"must be a mapping (key: value), not {shown(data)}"
    raise SettingsError(Problem(whole.position(path), dotted(path), what), *whole.problems)


def _refuse_reserved(whole: Source, base: dict[str, Any], laid: dict[str, Any], where: KeyPath) -> None:
    paths: list[KeyPath] = [("environment",)] if "environment" in base else []
    paths += [(*where, key) for key in ("environment", SECTION) if key in laid]
    if paths:
        what = "is not a setting; an environment is named by its key under `environments:`"
        raise SettingsError(*(Problem(whole.position(path), dotted(path), what) for path in paths), *whole.problems)

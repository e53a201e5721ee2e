"""One environment laid over the base of service.yml, and the whole validated into Settings."""

from collections.abc import Iterable
from dataclasses import replace
from difflib import get_close_matches
from pathlib import Path
from typing import Any, get_args

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from generator.config import source
from generator.config.settings import Settings
from generator.config.source import KeyPath, Problem, SettingsError, Source, dotted

SECTION = "environments"


def load(file: Path, environment: str | None) -> Settings:
    """Read `file` and return the Settings of `environment`.

    Raises SettingsError with every problem found; also when `environment` is None or not defined, and then
    the message lists those that are.
    """
    whole = source.read(file)
    return validated(overlay(whole, choose(whole, environment)))


def validated(overlaid: Source) -> Settings:
    """Settings from plain data; raises SettingsError with every problem, each where it stands in the file."""
    try:
        return Settings.model_validate(overlaid.data)
    except ValidationError as error:
        raise SettingsError(*_problems(overlaid, error.errors(include_url=False))) from None


def choose(whole: Source, environment: str | None) -> str:
    """The environment's name if service.yml defines it; SettingsError that lists those defined otherwise."""
    base = _mapping(whole, whole.data, ())
    position = whole.position((SECTION,))
    defined = _mapping(whole, base.get(SECTION) or {}, (SECTION,))
    if environment in defined:
        return environment
    names = ", ".join(defined) or "none yet"
    what = "ENVIRONMENT is not set" if not environment else f"ENVIRONMENT={environment} is not defined"
    raise SettingsError(Problem(position, SECTION, f"{what}; defined here: {names} (export ENVIRONMENT=NAME)"))


def overlay(whole: Source, environment: str) -> Source:
    """The base with one environment laid over it: mappings merge key by key, everything else is replaced."""
    base = dict(_mapping(whole, whole.data, ()))
    sections = _mapping(whole, base.pop(SECTION, {}), (SECTION,))
    where: KeyPath = (SECTION, environment)
    laid = _mapping(whole, sections.get(environment) or {}, where)
    _refuse_reserved(whole, base, laid, where)
    positions = {path: place for path, place in whole.positions.items() if path[:1] != (SECTION,)}
    positions |= {path[2:]: place for path, place in whole.positions.items() if path[:2] == where and path[2:]}
    merged = merge(base, laid)
    return replace(whole, data={**merged, "environment": environment}, positions=positions)


def merge(base: dict[str, Any], laid: dict[str, Any]) -> dict[str, Any]:
    """Lay one mapping over another, recursively; neither is changed."""
    merged = dict(base)
    for key, value in laid.items():
        under = merged.get(key)
        merged[key] = merge(under, value) if isinstance(under, dict) and isinstance(value, dict) else value
    return merged


def _mapping(whole: Source, data: object, path: KeyPath) -> dict[str, Any]:
    if isinstance(data, dict):
        return data
    what = f"must be a mapping (key: value), not {_shown(data)}"
    raise SettingsError(Problem(whole.position(path), dotted(path), what))


def _refuse_reserved(whole: Source, base: dict[str, Any], laid: dict[str, Any], where: KeyPath) -> None:
    paths: list[KeyPath] = [("environment",)] if "environment" in base else []
    paths += [(*where, key) for key in ("environment", SECTION) if key in laid]
    if paths:
        what = "is not a setting; an environment is named by its key under `environments:`"
        raise SettingsError(*(Problem(whole.position(path), dotted(path), what) for path in paths))


def _problems(whole: Source, errors: Iterable[ErrorDetails]) -> list[Problem]:
    problems = []
    for error in errors:
        path = _existing(tuple(error["loc"]))
        problems.append(Problem(whole.position(path), dotted(path), _what(error, path)))
    return problems


def _existing(path: KeyPath) -> KeyPath:
    """Pydantic marks a wrong key of a mapping with `[key]` at the end of its location; the file has no such key."""
    return path[:-1] if path and path[-1] == "[key]" else path


def _what(error: ErrorDetails, path: KeyPath) -> str:
    """One clear line from a validation error: what is wrong and, where it can be told, what to write."""
    kind, given = error["type"], error["input"]
    if kind == "extra_forbidden":
        return _unknown(path)
    if kind == "missing":
        return "is missing; write it here"
    if kind == "value_error":
        return str(error["ctx"]["error"])
    message = error["msg"].removeprefix("Input ")
    return f"{message[0].lower()}{message[1:]}, not {_shown(given)}"


def _unknown(path: KeyPath) -> str:
    model = _model_at(Settings, path[:-1])
    known = sorted(str(field.alias or name) for name, field in model.model_fields.items() if name != "environment")
    near = get_close_matches(str(path[-1]), known, n=1)
    return f"unknown key; did you mean {near[0]}?" if near else f"unknown key; known here: {', '.join(known)}"


def _model_at(model: type[BaseModel], path: KeyPath) -> type[BaseModel]:
    for part in path:
        for name, field in model.model_fields.items():
            if part in (name, field.alias):
                model = next(iter(_models(field.annotation)), model)
    return model


def _models(annotation: object) -> list[type[BaseModel]]:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return [annotation]
    return [model for inner in get_args(annotation) for model in _models(inner)]


def _shown(value: object) -> str:
    if value is None:
        return "nothing"
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, dict | list):
        return "a mapping" if isinstance(value, dict) else "a list"
    text = repr(value)
    return text if len(text) <= 60 else f"{text[:57]}..."

"""One clear line from each validation error: what is wrong and, where it can be told, what to write."""

from collections.abc import Iterable
from difflib import get_close_matches

from pydantic_core import ErrorDetails

from generator.config.fields import NAME, TAG_VALUE, VERSION
from generator.config.leaves import alias, field_at, section_at
from generator.config.settings import Settings
from generator.config.source import KeyPath, Problem, Source, dotted

LONGEST_SHOWN = 60
CONSEQUENCE = "default_factory_not_called"  # a default that is derived from what is wrong elsewhere
WORDS = {
    NAME: "lower-case letters, digits and single hyphens between them, a letter first",
    VERSION: "digits with dots between them, as '17' or '8.0'",
    TAG_VALUE: "letters, digits, spaces and _ . : / = + @ -",
}


def problems(source: Source, errors: Iterable[ErrorDetails]) -> list[Problem]:
    """What pydantic found, each with its place in the file."""
    return [_problem(source, error) for error in errors if error["type"] != CONSEQUENCE]


def _problem(source: Source, error: ErrorDetails) -> Problem:
    path = _existing(tuple(error["loc"]))
    return Problem(source.position(path), dotted(path), _what(error, path))


def _existing(path: KeyPath) -> KeyPath:
    """Pydantic marks a wrong key of a mapping with `[key]` at the end of its location; the file has no such key."""
    return path[:-1] if path and path[-1] == "[key]" else path


def _what(error: ErrorDetails, path: KeyPath) -> str:
    kind, given = error["type"], error["input"]
    match kind:
        case "extra_forbidden":
            return _unknown(path)
        case "missing":
            return "is missing; write it here"
        case "value_error":
            return str(error["ctx"]["error"])
        case "model_type":
            return f"must be a mapping (key: value), not {shown(given)}"
        case "string_type" if isinstance(given, int | float) and not isinstance(given, bool):
            return f"must be text, and {given} is a number to YAML; write it in quotes: '{given}'"
        case "string_pattern_mismatch" if hint := _hint(str(error["ctx"]["pattern"]), path):
            return f"{shown(given)} will not do; {hint}"
    message = error["msg"].removeprefix("Input ")
    return f"{message[0].lower()}{message[1:]}, not {shown(given)}"


def _hint(pattern: str, path: KeyPath) -> str:
    """What to write where a pattern does not fit: in words, or by example; nothing if neither is known."""
    if pattern in WORDS:
        return f"write {WORDS[pattern]}"
    info = field_at(Settings, path)
    examples = [*(info.examples or []), info.default] if info else []
    example = next((one for one in examples if isinstance(one, str) and one), None)
    return f"write it like {example}" if example else ""


def _unknown(path: KeyPath) -> str:
    model = section_at(Settings, path[:-1])
    known = sorted(alias(name, field) for name, field in model.model_fields.items() if name != "environment")
    near = get_close_matches(str(path[-1]), known, n=1)
    return f"unknown key; did you mean {near[0]}?" if near else f"unknown key; known here: {', '.join(known)}"


def shown(value: object) -> str:
    """A value as a message shows it."""
    if value is None:
        return "nothing"
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, dict | list):
        return "a mapping" if isinstance(value, dict) else "a list"
    text = repr(value)
    return text if len(text) <= LONGEST_SHOWN else f"{text[: LONGEST_SHOWN - 3]}..."

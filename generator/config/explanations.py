"""One clear line from each validation error: what is wrong and, where it can be told, what to write."""

import re
from collections import Counter
from collections.abc import Iterable
from difflib import get_close_matches

from pydantic_core import ErrorDetails

from generator.config.fields import NAME, TAG_VALUE, VERSION
from generator.config.leaves import alias, field_at, section_at
from generator.config.settings import Settings
from generator.config.source import KeyPath, Problem, Source, dotted

LONGEST_SHOWN = 60
LISTED = 3  # times that one mapping's known keys are listed
CONSEQUENCE = "default_factory_not_called"  # a default that is derived from what is wrong elsewhere
QUOTED = {"int_type": r"0|-?[1-9]\d*", "float_type": r"-?\d+(\.\d+)?", "bool_type": "true|false"}
LENGTHS = {
    "too_short": "needs at least {min_length}, not {length}",
    "too_long": "takes at most {max_length}, not {length}",
    "string_too_short": "has {length} characters; at least {min_length} are needed",
    "string_too_long": "has {length} characters; at most {max_length} fit",
}
WORDS = {
    NAME: "lower-case letters, digits and single hyphens between them, a letter first",
    VERSION: "digits with dots between them, as '17' or '8.0'",
    TAG_VALUE: "letters, digits, spaces and _ . : / = + @ -",
}


def problems(source: Source, errors: Iterable[ErrorDetails]) -> list[Problem]:
    """What pydantic found, each with its place in the file."""
    found, unknown = [], Counter[KeyPath]()
    for error in errors:
        path = _existing(tuple(error["loc"]))
        if error["type"] == "extra_forbidden":
            unknown[path[:-1]] += 1
            what = _unknown(path, listed=unknown[path[:-1]] <= LISTED)
        elif error["type"] != CONSEQUENCE:
            what = _what(error, source.texts.get(path, ""), path)
        else:
            continue
        found.append(Problem(source.position(path), dotted(path), what))
    return found


def _existing(path: KeyPath) -> KeyPath:
    """Pydantic marks a wrong key of a mapping with `[key]` at the end of its location; the file has no such key."""
    return path[:-1] if path and path[-1] == "[key]" else path


def _what(error: ErrorDetails, text: str, path: KeyPath) -> str:
    """What is wrong, in words; `text` is the value as the file has it."""
    kind, given, limits = error["type"], error["input"], error.get("ctx", {})
    match kind:
        case "missing":
            return "is missing; write it here"
        case "value_error":
            return str(limits["error"])
        case "model_type" | "dict_type":
            return f"must be a mapping (key: value), not {shown(given)}"
        case "string_type" if not isinstance(given, dict | list | None):
            number = isinstance(given, int | float) and not isinstance(given, bool)
            return (
                f"must be text, and {text} is {'a number' if number else 'something else'} to YAML;"
                f" write it in quotes: '{text}'"
            )
        case "int_type" | "float_type" | "bool_type" if isinstance(given, str) and re.fullmatch(QUOTED[kind], given):
            return f"remove the quotes: {given}"
        case "too_short" | "too_long" | "string_too_short" | "string_too_long":
            return LENGTHS[kind].format(length=len(given), **limits)
        case "string_pattern_mismatch" if hint := _hint(str(limits["pattern"]), path):
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


def _unknown(path: KeyPath, *, listed: bool) -> str:
    model = section_at(Settings, path[:-1])
    names = (alias(name, field) for name, field in model.model_fields.items())
    known = sorted("environments" if name == "environment" else name for name in names)
    if near := get_close_matches(str(path[-1]), known, n=1):
        return f"unknown key; did you mean {near[0]}?"
    return f"unknown key; known here: {', '.join(known)}" if listed else "unknown key"


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

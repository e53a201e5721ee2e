"""What is shown of a template's values, and of what programs say: nothing that may be a secret. Pure.

Templates refer to secrets, and hold none: who writes one into them all the same finds it nowhere else.
"""

from __future__ import annotations

import json
import re
from typing import Any

HIDDEN = "(not shown)"
_WORDS = ("password", "passwd", "secret", "token", "key")
_VARIABLES = "Environment"  # of a container: only their names are shown
_IN_URL = re.compile(r"(://[^/\s:@\"]*:)[^/\s@\"]+@")
# What programs print of their secrets, when they fail: `user:password@host`, and what is said to be one: in quotes,
# behind `=`, or behind `:` if a digit is in it, for words follow a colon, too. The names of secrets may be seen.
_NAME = (
    r"(?:password|passwd|passphrase|secret|token|signature|credential"
    r"|(?:fernet|api|access|private|signing)[_ -]?key)[\w-]*"
)
_END = r"""\\?["']?"""  # of a name in quotes, perhaps within a text in quotes
_SECRETS = tuple(
    re.compile(secret, re.IGNORECASE)
    for secret in (
        r"""(://)[^\s"'/]*:[^\s"']+(?=@)""",
        rf"""(\bauthorization{_END}\s*[:=]\s*{_END}(?:\w+\s+)?)[^\s"'\\]{{4,}}""",
        r"""(\bbearer\s+)(?=\S*\d)[^\s"'\\]{8,}""",
        rf"""({_NAME}{_END}\s*[:=]\s*)(?P<quote>\\?["'])(?!arn:|(?P=quote)).*?(?:(?P=quote)|$)""",
        rf"""({_NAME}{_END}\s*=\s*)(?!arn:|\*\*\*)[^\s"'\\]+""",
        rf"""((?<!:){_NAME}{_END}\s*:\s*)(?!arn:)(?=\S*\d)[^\s"'\\,;]{{4,}}""",
    )
)


def hides(name: str) -> bool:
    """Whether what has such a name, or lies at such a path (with dots, or a JSON pointer), may be a secret."""
    parts = re.split(r"[./]", name)
    return _VARIABLES in parts or any(_is_secret(part) for part in parts)


def shown(name: str, text: str) -> str:
    """The value at a path as it may be shown; empty when it may be a secret as a whole."""
    if hides(name):
        return _names(text) if re.split(r"[./]", name)[-1] == _VARIABLES else ""
    if not text.lstrip().startswith(("[", "{")) or text.startswith("{{"):
        return _IN_URL.sub(rf"\1{HIDDEN}@", text)
    try:
        return _IN_URL.sub(rf"\1{HIDDEN}@", json.dumps(_without(json.loads(text)), sort_keys=True))
    except ValueError:  # long ones are cut off
        return "" if _VARIABLES in text or any(word in text.lower() for word in _WORDS) else text


def without_secrets(text: str) -> str:
    """Blank what looks like a secret in words of a program; whoever may see them has the log itself."""
    for secret in _SECRETS:
        text = secret.sub(r"\1***", text)
    return text


def _is_secret(name: str) -> bool:
    return name != "Key" and any(word in name.lower() for word in _WORDS)  # `Key` is what a tag is called


def _without(node: Any) -> Any:  # noqa: ANN401 - what JSON holds
    if isinstance(node, list):
        return [_without(each) for each in node]
    if not isinstance(node, dict):
        return node
    secret = _is_secret(str(node.get("Name") or node.get("Key") or ""))
    told = {}
    for key, each in node.items():
        if key == _VARIABLES:
            told[key] = _names(json.dumps(each))
        else:
            told[key] = HIDDEN if _is_secret(key) or (secret and key == "Value") else _without(each)
    return told


def _names(text: str) -> str:
    """The names of a container's variables, in order."""
    try:
        given = json.loads(text)
    except ValueError:
        return ""
    if isinstance(given, list):
        given = [each.get("Name", "") for each in given if isinstance(each, dict)]
    return ", ".join(sorted(map(str, given))) if isinstance(given, list | dict) else ""

"""A folder to be logged in from: the user's own configuration of docker, for a push without who they are elsewhere.

A log-in is kept in the user's configuration, or handed to a credential store that may be locked or missing; here it is
neither. Contexts, certificates and plug-ins of the user are still found
(https://docs.docker.com/reference/cli/docker/#change-the-docker-directory).
"""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from pathlib import Path

_FILE = "config.json"
_WHO = {"auths", "credsStore", "credHelpers"}


def login_folder(
    folder: Path, registry: str, variables: Mapping[str, str] = os.environ, *, beside_own: bool = False
) -> dict[str, str]:
    """Fill an empty folder, and return the variables that make docker, podman and finch keep a log-in there.

    `beside_own`: the user's log-ins to other registries are there, too. What is kept is a token in base64, in a file
    that only this user can read and that goes with the folder.
    """
    own = Path(variables.get("DOCKER_CONFIG") or Path(variables.get("HOME") or "/") / ".docker")
    told = _read(own / _FILE)
    settings = {name: value for name, value in told.items() if name not in _WHO}
    if beside_own:
        settings |= _elsewhere(told, registry)
    # Without any entry docker would look for a credential store by itself, and ask it.
    settings["auths"] = {**_mapping(settings.get("auths")), registry: {}}
    file = folder / _FILE
    file.touch(mode=0o600)
    file.write_text(json.dumps(settings), encoding="utf-8")
    for entry in _entries(own):
        if entry.name != _FILE:
            (folder / entry.name).symlink_to(entry.resolve())
    # Podman keeps it in the same form (https://docs.podman.io/en/latest/markdown/podman-login.1.html).
    return {"DOCKER_CONFIG": str(folder), "REGISTRY_AUTH_FILE": str(file)}


def _elsewhere(told: Mapping[str, object], registry: str) -> dict[str, object]:
    """The user's log-ins to all registries but one.

    A store for everything becomes a helper for each registry that it has a log-in to, so that ours is kept in the file.
    An empty helper's name, by which docker would do so, podman tries to start.
    """
    auths, store = _mapping(told.get("auths")), told.get("credsStore")
    helpers = {**(dict.fromkeys(auths, store) if store else {}), **_mapping(told.get("credHelpers"))}
    return {"auths": auths, "credHelpers": {name: helper for name, helper in helpers.items() if name != registry}}


def _entries(folder: Path) -> list[Path]:
    """What is in a folder, as far as this user may look into it."""
    try:
        return list(folder.iterdir())
    except OSError:
        return []


def _mapping(told: object) -> dict[str, object]:
    return told if isinstance(told, dict) else {}


def _read(file: Path) -> dict[str, object]:
    """The user's settings; docker itself complains about a file that it cannot read."""
    try:
        told = json.loads(file.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return _mapping(told)

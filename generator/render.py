"""Templates as text, and the one place that writes them to disk."""

import errno
import json
import shutil
import tempfile
from pathlib import Path
from typing import Any

import yaml
from troposphere import Template

from generator.config.settings import Settings
from generator.stacks import foundation, root

SECTIONS = (
    "AWSTemplateFormatVersion",
    "Description",
    "Parameters",
    "Mappings",
    "Conditions",
    "Resources",
    "Outputs",
)
NOTICE = "# Rendered from service.yml by `make airflow-render`; edit that, not this.\n"


def render(settings: Settings) -> dict[str, str]:
    """Every template of these settings by file name; the same settings give the same bytes."""
    templates = {"foundation.yml": foundation.build(settings), **root.build(settings)}
    return {name: text(template) for name, template in templates.items()}


def text(template: Template) -> str:
    """One template as block YAML, its sections in the order that people expect."""
    body = {"AWSTemplateFormatVersion": "2010-09-09", **_plain(template)}
    ordered = {name: body[name] for name in SECTIONS if name in body}
    dumped: str = yaml.dump(ordered, Dumper=_Dumper, sort_keys=False, width=10_000, allow_unicode=True)
    return NOTICE + dumped


def write(files: dict[str, str], folder: Path) -> bool:
    """Make `folder` hold exactly these files, whole or not at all; return whether anything changed.

    Raises OSError when the disk does not take it, or when what is there was not rendered: all of it is then as it was.
    """
    _refuse_what_is_not_ours(folder)
    if current(folder) == files:
        return False
    folder.parent.mkdir(parents=True, exist_ok=True)
    beside = Path(tempfile.mkdtemp(prefix=f".{folder.name}-", dir=folder.parent))
    try:
        made = beside / "new"
        made.mkdir()
        for name, content in files.items():
            (made / name).write_text(content, encoding="utf-8")
        if folder.exists():
            folder.rename(beside / "old")
        made.rename(folder)
    finally:
        if not folder.exists() and (beside / "old").exists():
            (beside / "old").rename(folder)
        shutil.rmtree(beside)
    return True


def current(folder: Path) -> dict[str, str]:
    """The templates that `folder` holds now."""
    return {path.name: path.read_text(encoding="utf-8") for path in sorted(folder.glob("*.yml"))}


def _refuse_what_is_not_ours(folder: Path) -> None:
    """Whoever mistypes OUT=dir shall lose nothing: only a folder of rendered templates is replaced."""
    if folder.is_symlink() or (folder.exists() and not folder.is_dir()):
        raise FileExistsError(errno.EEXIST, "it is there, and is no folder of templates")
    for path in folder.iterdir() if folder.exists() else ():
        if not (path.suffix == ".yml" and path.is_file() and path.read_bytes().startswith(NOTICE.encode())):
            raise OSError(errno.ENOTEMPTY, f"it holds {path.name}, which was not rendered")


def _plain(template: Template) -> dict[str, Any]:
    """Troposphere's helpers as plain data."""
    data: dict[str, Any] = json.loads(template.to_json(indent=0))
    return data


class _Dumper(yaml.CSafeDumper):
    """Block YAML without anchors: a template is read by people."""

    def ignore_aliases(self, data: object) -> bool:  # noqa: ARG002
        return True

"""Rendered templates go to S3 under the hash of their content, children first."""

from __future__ import annotations

import hashlib
import posixpath
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from deployer.aws import Aws
from deployer.errors import DeployError

ROOT = "root.yml"
_PREFIX = "templates/"
# The renderer writes block YAML with every TemplateURL on a line of its own.
_TEMPLATE_URL = re.compile(r"""^(?P<lead>\s*TemplateURL:[ \t]+)(?P<quote>['"]?)(?P<path>[^'"\s]+)(?P=quote)[ \t]*$""")
_LARGEST = 1024 * 1024  # bytes of a template in S3, by CloudFormation's quotas


@dataclass(frozen=True)
class TemplateObject:
    """A template with the URLs of its children written in: where it goes, and what it is."""

    source: str
    key: str
    body: bytes


def package(aws: Aws, folder: Path, bucket: str) -> str:
    """Upload the folder's root.yml and the children it names, and return the root's URL.

    What is in the bucket already is left alone. Raises DeployError when a template is missing.
    """
    base = base_url(aws.s3.meta.endpoint_url, bucket)
    objects = plan(read_folder(folder), ROOT, base)
    there = _keys(aws, bucket)
    for each in objects:
        if each.key not in there:
            aws.s3.put_object(Bucket=bucket, Key=each.key, Body=each.body, ContentType="text/yaml")
    return f"{base}/{objects[-1].key}"


def hash_of(url: str) -> str:
    """The hash in the URL of a packaged root: of its text, and so of all that is nested in it."""
    return url.rpartition("/")[2].removesuffix(".yml")


def base_url(s3_endpoint: str, bucket: str) -> str:
    """URL of a bucket in path style, from the S3 client's own end point: right in every partition."""
    return f"{s3_endpoint.rstrip('/')}/{bucket}"


def read_folder(folder: Path) -> dict[str, str]:
    """Read the texts of a rendered folder by their paths inside it."""
    if not (folder / ROOT).is_file():
        raise DeployError(f"{folder / ROOT} is missing", "render the templates with `make airflow-render`")
    return {path.relative_to(folder).as_posix(): path.read_text("utf-8") for path in folder.rglob("*.yml")}


def plan(texts: Mapping[str, str], root: str, base: str) -> tuple[TemplateObject, ...]:
    """Work out what is to be uploaded below the URL `base`: children before parents, the root last. Pure.

    Raises DeployError when a child is missing, or is its own ancestor.
    """
    planned: dict[str, TemplateObject] = {}

    def add(path: str, ancestors: tuple[str, ...]) -> TemplateObject:
        if path in ancestors:
            raise DeployError(f"{path}: is nested in itself by way of {ancestors[-1]}")
        if path not in planned:
            text = _with_urls(path, texts, lambda child: f"{base}/{add(child, (*ancestors, path)).key}")
            planned[path] = _template_object(path, text.encode())
        return planned[path]

    add(root, ())
    return tuple(planned.values())


def _template_object(source: str, body: bytes) -> TemplateObject:
    if len(body) > _LARGEST:
        raise DeployError(f"{source}: has {len(body)} bytes; CloudFormation takes {_LARGEST}")
    return TemplateObject(source, f"{_PREFIX}{hashlib.sha256(body).hexdigest()}.yml", body)


def _with_urls(path: str, texts: Mapping[str, str], url: Callable[[str], str]) -> str:
    """Text of a template with each child's relative path replaced by `url(child)`."""
    lines = texts[path].split("\n")
    for number, line in enumerate(lines, start=1):
        match = _TEMPLATE_URL.match(line)
        if match is None or "://" in match["path"]:
            continue
        child = posixpath.normpath(posixpath.join(posixpath.dirname(path), match["path"]))
        if child not in texts:
            raise DeployError(
                f"{path}:{number}: TemplateURL: there is no file {match['path']}",
                "render the templates with `make airflow-render`",
            )
        lines[number - 1] = match["lead"] + url(child)
    return "\n".join(lines)


def _keys(aws: Aws, bucket: str) -> set[str]:
    """What is there already: one request for a thousand templates, where asking for each would be one apiece."""
    pages = aws.s3.get_paginator("list_objects_v2").paginate(Bucket=bucket, Prefix=_PREFIX)
    return {each["Key"] for page in pages for each in page.get("Contents", [])}

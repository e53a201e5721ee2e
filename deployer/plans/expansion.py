"""A folder of nested templates as one flat set of resources, in which every value says what it comes from."""

from __future__ import annotations

import json
import posixpath
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import yaml

from deployer.cloudformation.stacks import STACK_TYPE
from deployer.cloudformation.template_text import Fate, fate
from deployer.errors import DeployError

REFERENCE = re.compile(r"\$\{([\w/]+)(?:\.([\w.]+))?\}")
"""How a value refers to a resource: `${Network/Vpc}` is its Ref, `${Network/Vpc.CidrBlock}` an attribute."""

_IN_TEXT = re.compile(r"\$\{([^!}]+)\}")
Given = Callable[[str], Any]


@dataclass(frozen=True)
class Written:
    """A resource as templates have it: its properties with what they refer to written out, and its policies."""

    type: str
    properties: Mapping[str, Any]
    fate: Fate
    replaced: str
    condition: Any = None


def expand(texts: Mapping[str, str], file: str) -> dict[str, Written]:
    """Return the resources of a template and of those nested in it, by names such as `Network/Vpc`.

    The values that a nested stack is given stand where its parameters stood, and a sibling's outputs where they were
    asked for: what is left refers to resources, pseudo parameters and the outermost template's own parameters.
    Raises DeployError for what is no rendered template.
    """
    if file not in texts:
        return {}
    found: dict[str, Written] = {}
    _Scope(texts, file, "", None, _AT_THE_TOP).collect(found)
    return found


@dataclass(frozen=True)
class _Around:
    """What holds for all of a nested stack: the conditions under which it is there, and whether it is left behind."""

    conditions: tuple[Any, ...] = ()
    stays: bool = False


_AT_THE_TOP = _Around()


class _Scope:
    """One template where it stands in the tree: `prefix` is its place, `given` the values of its parameters."""

    def __init__(self, texts: Mapping[str, str], file: str, prefix: str, given: Given | None, around: _Around) -> None:
        self._texts, self._file, self._prefix, self._given, self._around = texts, file, prefix, given, around
        self._template = _parsed(texts, file)
        self._nested: dict[str, _Scope] = {}
        self._outputs: dict[str, Any] = {}

    @cached_property
    def _resources(self) -> Mapping[str, Any]:
        return self._template.get("Resources") or {}

    def collect(self, found: dict[str, Written]) -> None:
        for name, one in self._resources.items():
            if one.get("Type") == STACK_TYPE:
                self._child(name).collect(found)
                continue
            conditions = self._conditions(one)
            condition = {"Fn::And": list(conditions)} if len(conditions) > 1 else next(iter(conditions), None)
            properties = self.value(one.get("Properties") or {})
            replaced = one.get("UpdateReplacePolicy", "Delete")
            future = Fate.STAYS if self._around.stays else fate(one)
            found[self._prefix + name] = Written(one.get("Type", ""), properties, future, replaced, condition)

    def value(self, node: Any) -> Any:  # noqa: ANN401 - what YAML holds
        """Write out what a value refers to."""
        if isinstance(node, list):
            return [self.value(each) for each in node]
        if not isinstance(node, dict):
            return node
        if len(node) == 1:
            (name, inner), *_ = node.items()
            if call := getattr(self, f"_{name.replace('::', '_').lower()}", None) if name in _CALLS else None:
                return call(inner)
        return {key: self.value(each) for key, each in node.items()}

    def output(self, name: str) -> Any:  # noqa: ANN401
        """An output's value."""
        if name not in self._outputs:
            self._outputs[name] = self.value((self._template.get("Outputs") or {}).get(name, {}).get("Value"))
        return self._outputs[name]

    def _child(self, name: str) -> _Scope:
        if name not in self._nested:
            properties = self._resources[name].get("Properties") or {}
            file = posixpath.normpath(posixpath.join(posixpath.dirname(self._file), properties.get("TemplateURL", "")))
            given = properties.get("Parameters") or {}

            def told(key: str) -> Any:  # noqa: ANN401
                return self.value(given[key]) if key in given else None

            own = self._resources[name]
            around = _Around(self._conditions(own), self._around.stays or fate(own) is Fate.STAYS)
            self._nested[name] = _Scope(self._texts, file, f"{self._prefix}{name}/", told, around)
        return self._nested[name]

    def _ref(self, name: str) -> Any:  # noqa: ANN401
        declared = self._template.get("Parameters") or {}
        if name not in declared:
            return f"${{{name}}}" if name.startswith("AWS::") else f"${{{self._prefix}{name}}}"
        default = declared[name].get("Default")
        if self._given is None:
            return f"${{{name}}}" if default in (None, "") else f"${{{name}:-{default}}}"
        given = self._given(name)
        return default if given is None else given

    def _fn_getatt(self, inner: Any) -> Any:  # noqa: ANN401
        name, _, attribute = (inner if isinstance(inner, str) else ".".join(inner)).partition(".")
        if self._resources.get(name, {}).get("Type") == STACK_TYPE:
            return self._child(name).output(attribute.removeprefix("Outputs."))
        return f"${{{self._prefix}{name}.{attribute}}}"

    def _fn_sub(self, inner: Any) -> str:  # noqa: ANN401
        text, own = (inner, {}) if isinstance(inner, str) else inner

        def told(match: re.Match[str]) -> str:
            name = match[1]
            if name in own:
                return _as_text(self.value(own[name]))
            return _as_text(self._fn_getatt(name) if "." in name else self._ref(name))

        return _IN_TEXT.sub(told, text)

    def _fn_join(self, inner: Any) -> Any:  # noqa: ANN401
        between, parts = inner[0], self.value(inner[1])
        texts = isinstance(parts, list) and all(isinstance(each, str) for each in parts)
        return between.join(parts) if texts else {"Fn::Join": [between, parts]}

    def _fn_findinmap(self, inner: Any) -> Any:  # noqa: ANN401
        keys = [self.value(each) for each in inner[1:3]]
        return {"Fn::FindInMap": [(self._template.get("Mappings") or {}).get(inner[0], inner[0]), *keys]}

    def _fn_if(self, inner: Any) -> Any:  # noqa: ANN401
        return {"Fn::If": [self._condition(inner[0]), *(self.value(each) for each in inner[1:])]}

    def _conditions(self, resource: Mapping[str, Any]) -> tuple[Any, ...]:
        own = (self._condition(resource["Condition"]),) if "Condition" in resource else ()
        return (*self._around.conditions, *own)

    def _condition(self, name: Any) -> Any:  # noqa: ANN401
        conditions = self._template.get("Conditions") or {}
        return self.value(conditions[name]) if isinstance(name, str) and name in conditions else {"Condition": name}


_CALLS = {"Ref", "Fn::GetAtt", "Fn::Sub", "Fn::Join", "Fn::FindInMap", "Fn::If", "Condition"}


def _as_text(value: Any) -> str:  # noqa: ANN401
    return value if isinstance(value, str) else json.dumps(value, sort_keys=True)


def _parsed(texts: Mapping[str, str], file: str) -> Mapping[str, Any]:
    if file not in texts:
        raise DeployError(f"{file} is missing among the templates", "render them anew with `make airflow-render`")
    try:
        parsed = yaml.load(texts[file], yaml.CSafeLoader)
    except yaml.YAMLError as error:
        raise DeployError(f"{file} is no rendered template: it is not plain YAML") from error
    if not isinstance(parsed, dict):
        raise DeployError(f"{file} is no rendered template")
    return parsed

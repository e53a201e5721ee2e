"""Two sets of templates, compared without AWS: which resources come, go, change and are replaced."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from itertools import zip_longest
from typing import Any

from deployer.cloudformation.changes import POLICIES, Change, Property, Recreation, Replacement
from deployer.cloudformation.template_text import is_in_cluster, is_protected
from deployer.plans.expansion import REFERENCE, Written, expand
from deployer.plans.replacements import recreation
from deployer.secrecy import shown

# What tells one element of a list from another: these come in any order.
_IDENTITIES = ("Name", "Key", "Sid", "Id", "ContainerName", "AttributeName")
_NOTHING = object()
TYPE = "resource type"
"""Stands among the properties of what becomes a resource of another type, which CloudFormation refuses."""

Path = tuple[str, ...]


def compare(before: Mapping[str, str], after: Mapping[str, str], file: str, stack: str) -> tuple[Change, ...]:
    """Compare texts of templates by their file names, from the template `file` down; `stack` is what it is called.

    Whether a change replaces a resource is as AWS's schemas say; what refers to a replaced resource changes, too.
    """
    old, new = expand(before, file), expand(after, file)
    both = {name: _properties(old[name], new[name]) for name in old.keys() & new.keys()}
    _follow(both, new)
    changes = [_removed(stack, name, old[name]) for name in old.keys() - new.keys()]
    changes += [_named(stack, name, new[name], "Add") for name in new.keys() - old.keys()]
    changes += [_modified(stack, name, old[name], new[name], found) for name, found in both.items() if found]
    return tuple(sorted(changes, key=lambda change: change.path))


def differences(before: object, after: object, path: Path = ()) -> Iterator[tuple[Path, object, object]]:
    """Tell where two values differ: the path, and the two values there; None stands for what is not there."""
    if isinstance(before, Mapping) and isinstance(after, Mapping):
        for key in sorted(before.keys() | after.keys()):
            yield from differences(before.get(key, _NOTHING), after.get(key, _NOTHING), (*path, str(key)))
    elif isinstance(before, list) and isinstance(after, list) and not _plain(before + after):
        name = _identity(before, after)
        if name:
            one, other = ({str(each[name]): each for each in side} for side in (before, after))
            yield from differences(one, other, path)
        else:
            for number, pair in enumerate(zip_longest(before, after, fillvalue=_NOTHING)):
                yield from differences(*pair, (*path, str(number)))
    elif _comparable(before) != _comparable(after):
        yield path, None if before is _NOTHING else before, None if after is _NOTHING else after


def _properties(old: Written, new: Written) -> dict[str, Property]:
    if old.type != new.type:
        return {TYPE: Property(TYPE, Recreation.ALWAYS, before=old.type, after=new.type)}
    found = [_property(new.type, *each) for each in differences(old.properties, new.properties)]
    parts = {
        "Condition": (old.condition, new.condition),
        "DeletionPolicy": (POLICIES[old.fate], POLICIES[new.fate]),
        "UpdateReplacePolicy": (old.replaced, new.replaced),
    }
    found += [
        Property(name, before=_text(one), after=_text(other)) for name, (one, other) in parts.items() if one != other
    ]
    return {each.name: each for each in found}


def _property(kind: str, path: Path, before: object, after: object) -> Property:
    name = ".".join(path)
    return Property(name, recreation(kind, path), before=shown(name, _text(before)), after=shown(name, _text(after)))


def _follow(both: Mapping[str, dict[str, Property]], new: Mapping[str, Written]) -> None:
    """Add what changes because it refers to a replaced resource, and what is replaced by that, and so on."""
    replaced = {name for name, found in both.items() if _replacement(found.values()) is Replacement.YES}
    fresh = set(replaced)
    while fresh:
        touched = set()
        for name, found in both.items():
            for path, cause, attribute in _references(new[name].properties):
                label = ".".join(path)
                known = found.get(label)
                # A new resource has another Ref; an attribute of it may be what it was.
                certain = not attribute
                if cause in fresh and cause != name and (known is None or (certain and not known.certain)):
                    source = "ResourceAttribute" if attribute else "ResourceReference"
                    told = f"{cause}.{attribute}" if attribute else cause
                    found[label] = Property(label, recreation(new[name].type, path), certain, source, told)
                    touched.add(name)
        fresh = {name for name in touched if _replacement(both[name].values()) is Replacement.YES} - replaced
        replaced |= fresh


def _references(node: object, path: Path = ()) -> Iterator[tuple[Path, str, str]]:
    if isinstance(node, Mapping):
        for key, each in node.items():
            yield from _references(each, (*path, str(key)))
    elif isinstance(node, list):
        for each in node:
            yield from _references(each, path)
    elif isinstance(node, str):
        for match in REFERENCE.finditer(node):
            yield path, match[1], match[2] or ""


def _replacement(properties: Sequence[Property] | Any) -> Replacement:  # noqa: ANN401
    found = {(each.recreation, each.certain) for each in properties}
    if (Recreation.ALWAYS, True) in found:
        return Replacement.YES
    return Replacement.MAYBE if any(each is not Recreation.NEVER for each, _ in found) else Replacement.NO


def _named(stack: str, name: str, one: Written, action: str, **more: Any) -> Change:  # noqa: ANN401
    inside, _, logical_id = name.rpartition("/")
    return Change(f"{stack}/{inside}" if inside else stack, logical_id, "", one.type, action, **more)


def _removed(stack: str, name: str, one: Written) -> Change:
    policy = POLICIES[one.fate]
    in_cluster = is_in_cluster({"Properties": one.properties})
    protected = _is_protected(one, policy)
    return _named(stack, name, one, "Remove", policy=policy, protected=protected, in_cluster=in_cluster)


def _modified(stack: str, name: str, old: Written, new: Written, found: Mapping[str, Property]) -> Change:
    told = _replacement(found.values())
    policy = "" if told is Replacement.NO else f"ReplaceAnd{new.replaced}"
    change = _named(stack, name, new, "Modify", replacement=told, policy=policy, properties=tuple(found.values()))
    certain = any(each.certain for each in found.values())
    in_cluster = is_in_cluster({"Properties": old.properties})
    return replace(change, certain=certain, protected=_is_protected(old, policy), in_cluster=in_cluster)


def _is_protected(old: Written, policy: str) -> bool:
    """Whether what is deployed refuses to be deleted, as this policy would have it."""
    return bool(policy) and "Retain" not in policy and is_protected({"Properties": old.properties})


def _identity(before: Sequence[Any], after: Sequence[Any]) -> str:
    """The key that names the elements of both lists, each its own; empty when there is none."""

    def names(side: Sequence[Any], key: str) -> bool:
        found = [each[key] for each in side if isinstance(each, Mapping) and isinstance(each.get(key), str)]
        return len(found) == len(side) == len(set(found))

    return next((key for key in _IDENTITIES if names(before, key) and names(after, key)), "")


def _plain(values: Sequence[object]) -> bool:
    return not any(isinstance(each, Mapping | list) for each in values)


def _comparable(node: object) -> object:
    """CloudFormation takes `20` and `'20'`, `true` and `'true'` for the same."""
    if isinstance(node, bool):
        return str(node).lower()
    if isinstance(node, list):
        return [_comparable(each) for each in node]
    if isinstance(node, Mapping):
        return {key: _comparable(each) for key, each in node.items()}
    return str(node) if isinstance(node, int | float) else node


def _text(node: object) -> str:
    if node is None:
        return ""
    return node if isinstance(node, str) else json.dumps(node, sort_keys=True)

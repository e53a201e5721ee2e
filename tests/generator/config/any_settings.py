"""Hypothesis's strategies of settings: any few leaves of service.yml, with any value that their types allow."""

from typing import Any, Literal, get_args, get_origin

from annotated_types import Ge, Le
from hypothesis import strategies as st
from pydantic import ValidationError

from generator.config.check import check
from generator.config.environments import merge
from generator.config.findings import Level
from generator.config.leaves import Entry, leaves
from generator.config.settings import Settings
from tests.generator.config.cases import MINIMUM, Case, case

LEAVES = {leaf.dotted: leaf for leaf in leaves(Settings) if leaf.dotted not in ("environment", "serviceName", "owner")}
FEW = 8
# Values that a type alone does not make: each must fit another one.
FITTED = ("cpu", "memory", "minCapacity", "maxCapacity", "desiredCount", "port")
ELSEWHERE = {"region": "eu-central-1", "account": "123456789012", "accept": {}}


def is_valid(data: dict[str, Any]) -> bool:
    """Whether service.yml's own rules take it."""
    try:
        settings = Settings.model_validate(data)
    except ValidationError:
        return False
    return not any(one.level is Level.ERROR for one in check(settings))


@st.composite
def any_data(draw: st.DrawFn) -> dict[str, Any]:
    """Data of service.yml with one environment laid over, valid or not."""
    data = MINIMUM
    for dotted in draw(st.lists(st.sampled_from(sorted(LEAVES)), max_size=FEW, unique=True)):
        if dotted in ELSEWHERE:
            data = {**data, dotted: ELSEWHERE[dotted]}
            continue
        found = case(dotted)
        value = draw(_values(LEAVES[dotted], found))
        data = merge(data, Case(value, merge(data, found.beside), found.path).after())
    return data


def valid_data() -> st.SearchStrategy[dict[str, Any]]:
    """Data of service.yml that the rules take."""
    return any_data().filter(is_valid)


def _values(leaf: Entry, found: Case) -> st.SearchStrategy[Any]:
    """The value of its case, or any other that its type allows where that can be told."""
    kind = _plain(leaf.info.annotation)
    low = next((one.ge for one in leaf.info.metadata if isinstance(one, Ge)), None)
    high = next((one.le for one in leaf.info.metadata if isinstance(one, Le)), None)
    if kind is bool:
        return st.booleans()
    if get_origin(kind) is Literal:
        return st.sampled_from(get_args(kind))
    if kind is int and leaf.path[-1] not in FITTED and isinstance(low, int) and isinstance(high, int):
        return st.just(found.value) | st.integers(low, high)
    return st.just(found.value)


def _plain(annotation: Any) -> Any:
    """A type without `| None`."""
    given = [one for one in get_args(annotation) if one is not type(None)]
    return given[0] if len(given) == 1 and get_origin(annotation) is not Literal else annotation

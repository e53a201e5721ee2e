"""What every setting is made of: its type, its meaning, and what changing it does to a running system."""

import ipaddress
import re
from enum import Enum
from typing import Annotated, Any, Literal, TypeAlias

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field
from pydantic.alias_generators import to_camel


class Change(Enum):
    """The update policy of a setting: what a deploy does to a running system when the setting has changed."""

    NOTHING = "touches nothing that runs"
    IN_PLACE = "in place; nothing restarts"
    RESTART = "new tasks replace the old ones, which may finish what they do"
    INTERRUPTION = "in place, with an interruption of some minutes"
    REPLACEMENT = "what it belongs to is replaced; no data is in it"
    DATA = (
        "REPLACES WHAT HOLDS DATA: the new one begins empty; where retainData says so, an old database is kept as a"
        " snapshot and an old bucket as it is"
    )
    REFUSED = (
        "AWS refuses it where something runs: destroy and deploy again, or restore a snapshot in a new environment"
    )
    FIRST = "decides the first deploy; later ones ignore it"
    ANOTHER = "names another deployment: a new one is made beside the old one, which stays until it is destroyed"


def setting(default: Any, meaning: str, change: Change, cost: str = "", **rules: Any) -> Any:  # noqa: ANN401
    """Declare a leaf of service.yml; `...` as its default means that it must be written.

    `cost` says in a few words what it does to the bill; `rules` are pydantic's (ge, pattern, ...).
    """
    return Field(default, description=meaning, json_schema_extra={"change": change.name, "cost": cost}, **rules)


class Section(BaseModel):
    """A mapping in service.yml: immutable once read; a key it does not know is an error."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True, alias_generator=to_camel, validate_by_name=True)


# The retentions that CloudWatch Logs knows, in days.
# https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/API_PutRetentionPolicy.html
# fmt: off
RETENTION_DAYS = (
    1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545, 731, 1096, 1827, 2192, 2557, 2922, 3288, 3653,
)
# fmt: on
ANYWHERE = "0.0.0.0/0"


def _network(text: str) -> str:
    if "/" not in text:
        wide = f"{text}/16"
        network = f"{wide} for a network or " if _network_around(wide) == wide else ""
        raise ValueError(f"{text!r} has no mask; write {network}{text}/32 for one address")
    try:
        ipaddress.IPv4Network(text)
    except ValueError as error:
        raise ValueError(f"{text!r} is not an IPv4 network: {error}; write it like {_network_around(text)}") from None
    return text


def _network_around(text: str) -> str:
    """The network that an address with a mask lies in; an example where that cannot be told."""
    try:
        return str(ipaddress.IPv4Network(text, strict=False))
    except ValueError:
        return "10.0.0.0/16"


def _masked(text: str) -> str:
    """Fill in the mask of a VPC, /16, where it is not written."""
    return text if "/" in text else f"{text}/16"


def _large(text: str) -> str:
    """Check a mask against AWS's limits (https://docs.aws.amazon.com/vpc/latest/userguide/subnet-sizing.html)."""
    if "/" not in text:
        raise ValueError(f"{text!r} has no mask; write {text}/24")
    length = ipaddress.IPv4Network(_network(text)).prefixlen
    if not 16 <= length <= 28:
        raise ValueError(f"{text!r} has a mask of /{length}; AWS takes /16 to /28")
    return text


def _retention(days: int) -> int:
    if days not in RETENTION_DAYS:
        raise ValueError(f"{days} days is not a retention CloudWatch Logs has; use one of {RETENTION_DAYS}")
    return days


def _version(value: object) -> object:
    """`17` is a number to YAML and a fine version; `11.7` would lose its digits (11.10 becomes 11.1): no text it is."""
    return str(value) if isinstance(value, int) and not isinstance(value, bool) else value


def _tag_key(text: str) -> str:
    """Check a tag's key.

    https://docs.aws.amazon.com/tag-editor/latest/userguide/best-practices-and-strats.html
    """
    if text.lower().startswith("aws:"):
        raise ValueError(f"{text!r}: tags that begin with aws: are AWS's own; choose another name")
    return text


def _one_line(text: str) -> str:
    if re.search(r"[\x00-\x1f\x7f]", text):
        raise ValueError("has a line break or a control character in it; write it on one line")
    return text


def _text(value: object) -> object:
    """`8` and `true` are fine values of Airflow's options, which are all text: `8`, `True`."""
    return str(value) if isinstance(value, bool | int | float) else value


Network = Annotated[str, AfterValidator(_network)]
AwsNetwork = Annotated[str, AfterValidator(_large)]
VpcNetwork = Annotated[str, AfterValidator(_masked), AfterValidator(_large)]
Port = Annotated[int, Field(ge=1, le=65535)]
VERSION = r"^[0-9]+(\.[0-9]+)*$"
Version = Annotated[str, BeforeValidator(_version, json_schema_input_type=str | int), Field(pattern=VERSION)]
Retention = Annotated[int, AfterValidator(_retention)]
Line = Annotated[str, AfterValidator(_one_line)]
OptionValue = Annotated[
    str, BeforeValidator(_text, json_schema_input_type=str | bool | int | float), AfterValidator(_one_line)
]
# Joined to names of databases, whose rule is the strictest, and to a DNS zone.
# https://docs.aws.amazon.com/AmazonRDS/latest/APIReference/API_CreateDBInstance.html
NAME = r"^[a-z](-?[a-z0-9])*$"
# https://docs.aws.amazon.com/AmazonRDS/latest/UserGuide/USER_Tagging.html
TAG_VALUE = r"^[A-Za-z0-9 _.:/=+@-]+$"
TagKey = Annotated[str, AfterValidator(_tag_key), Field(pattern=r"^[A-Za-z0-9 _.:/=+@-]{1,128}$")]
EMAIL = r"^[^@\s]+@[^@\s]+\.[^@\s]+$"
REGION = r"^[a-z]{2}(-[a-z]+)+-\d$"
SubnetNumber: TypeAlias = Literal["1", "2", "3"]


def example(service: str, resource: str) -> list[str]:
    """An ARN as it looks, for editors and messages."""
    return [f"arn:aws:{service}:eu-central-1:123456789012:{resource}"]


def arn(service: str, resource: str) -> str:
    """Return the pattern of an ARN of `service`, in any partition; also the empty text, which means: none."""
    return rf"^(arn:aws[a-z-]*:{service}:[a-z0-9-]*:(\d{{12}}|aws)?:{resource})?$"

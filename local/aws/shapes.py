"""CloudFormation's properties as a service's API wants them: its spelling of names, its types of values.

Templates write `HealthCheck: {Command: ...}` and may say "15" for 15 (every parameter of a nested stack is text); the
API takes `healthCheck: {command: ...}` and numbers. The model that botocore carries of the API says which is which.
"""

import json
from functools import cache
from typing import Any

import botocore.session


def to_api(properties: dict[str, Any], service: str, operation: str) -> dict[str, Any]:
    """Return `properties` as the input of the operation, such as ("ecs", "CreateService").

    A name the operation does not know is kept, its first letter small.
    """
    converted: dict[str, Any] = convert(properties, model(service).operation_model(operation).input_shape)
    return converted


def convert(value: Any, shape: Any) -> Any:  # noqa: ANN401
    """Return `value` with the names and types of a botocore shape (None: unknown, as it is)."""
    if shape is None:
        return value
    match shape.type_name:
        case "structure" if isinstance(value, dict):
            return _structure(value, shape)
        case "list" if isinstance(value, list):
            return [convert(item, shape.member) for item in value]
        case "map" if isinstance(value, dict):
            return {str(key): convert(item, shape.value) for key, item in value.items()}
        case "integer" | "long":
            return int(value)
        case "float" | "double":
            return float(value)
        case "boolean":
            return str(value).lower() == "true"
        case "string" if isinstance(value, dict | list):
            return json.dumps(value)  # a policy document
        case "string":
            return str(value).lower() if isinstance(value, bool) else str(value)
    return value


def _structure(value: dict[str, Any], shape: Any) -> dict[str, Any]:  # noqa: ANN401
    """Match names without regard to case: EFSVolumeConfiguration is efsVolumeConfiguration in the API."""
    names = {name.casefold(): name for name in shape.members}
    converted = {}
    for key, item in value.items():
        name = names.get(key.casefold(), key[:1].lower() + key[1:])
        converted[name] = convert(item, shape.members.get(name))
    return converted


@cache
def model(service: str) -> Any:  # noqa: ANN401
    """Return the model that botocore carries of a service."""
    return botocore.session.Session().get_service_model(service)

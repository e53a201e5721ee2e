"""The JSON schema of service.yml, with which editors complete and check it."""

from typing import Any

from generator.config.fields import Change
from generator.config.settings import Settings


def schema() -> dict[str, Any]:
    """JSON schema of service.yml, for editors; under `environments` the same keys, none of them required.

    Below the first level nothing is required: what the base leaves out an environment may add, and the other way round.
    """
    whole: dict[str, Any] = _in_words(Settings.model_json_schema(by_alias=True))
    for section in whole["$defs"].values():
        section.pop("required", None)
    for said in whole["properties"].values():
        said.pop("minProperties", None)
    whole["properties"].pop("environment")
    whole["required"] = [name for name in whole["required"] if name != "environment"]
    overlay = {"properties": whole["properties"], "additionalProperties": False, "type": ["object", "null"]}
    whole["properties"] = {
        **whole["properties"],
        "environments": {
            "type": "object",
            "description": "Each key is an environment; its value is laid over the settings above.",
            "additionalProperties": {"$ref": "#/$defs/Overlay"},
        },
    }
    whole["$defs"]["Overlay"] = overlay
    return whole


def _in_words(part: Any) -> Any:  # noqa: ANN401
    """Every setting's update policy and cost in its description, which is all that most editors show."""
    if isinstance(part, list):
        return [_in_words(item) for item in part]
    if not isinstance(part, dict):
        return part
    said = {key: _in_words(value) for key, value in part.items()}
    if isinstance(said.get("title"), str):
        del said["title"]  # pydantic's, which repeats the key
    if "$ref" in said:
        said.pop("default", None)  # a section's, which its keys say
    if isinstance(change := said.pop("change", None), str):
        said["x-change"] = Change[change].value
        cost = said.pop("cost")
        bill = f" Cost: {cost}." if cost else ""
        said["description"] = f"{said['description']} A change: {said['x-change']}.{bill}"
    return said

"""Answers of the query protocols (EC2's and the older services') as XML: what botocore can read, written.

(https://smithy.io/2.0/aws/protocols/aws-query-protocol.html and aws-ec2-query-protocol.html)
"""

import datetime
from typing import Any
from xml.etree.ElementTree import Element, SubElement, tostring

_REQUEST = "00000000-0000-0000-0000-000000000000"


def xml(operation: Any, content: dict[str, Any]) -> bytes:  # noqa: ANN401
    """Write the answer to an operation of botocore's model; what the operation does not know is skipped."""
    root = Element(f"{operation.name}Response")
    wrapper = operation.output_shape.serialization.get("resultWrapper")
    _structure(SubElement(root, wrapper) if wrapper else root, content, operation.output_shape)
    if wrapper:
        SubElement(SubElement(root, "ResponseMetadata"), "RequestId").text = _REQUEST
    else:
        SubElement(root, "requestId").text = _REQUEST
    written: bytes = tostring(root, encoding="utf-8", xml_declaration=True)
    return written


def _write(parent: Element, name: str, value: Any, shape: Any) -> None:  # noqa: ANN401
    if shape.type_name == "list":
        flattened = shape.serialization.get("flattened")
        within = parent if flattened else SubElement(parent, name)
        item = shape.member.serialization.get("name", "member")
        for one in value:
            _write(within, name if flattened else item, one, shape.member)
    elif shape.type_name == "structure":
        _structure(SubElement(parent, name), value, shape)
    else:
        SubElement(parent, name).text = _text(value)


def _structure(element: Element, content: dict[str, Any], shape: Any) -> None:  # noqa: ANN401
    for name, member in shape.members.items():
        if content.get(name) is not None:
            _write(element, member.serialization.get("name", name), content[name], member)


def _text(value: object) -> str:
    match value:
        case bool():
            return str(value).lower()
        case datetime.datetime():
            return value.isoformat()
        case _:
            return str(value)

# ruff: noqa: SLF001  # ministack is entered through parts it keeps to itself
"""ECR's answers where ministack's are milder than AWS: an image that is not there, a tag that is there."""

import json
from collections.abc import Callable
from typing import Any

from local.aws.emulator import ecr, replace

_Answer = tuple[int, Any, bytes]


def install() -> None:
    """Put ECR's own refusals in place of silence."""
    replace(ecr, "_describe_images", _naming_the_missing)
    replace(ecr, "_put_image", _refusing_the_same)


def _naming_the_missing(describe: Callable[[Any], _Answer]) -> Callable[[Any], _Answer]:
    """An image that is asked for and not there is an error, and not left out.

    https://docs.aws.amazon.com/AmazonECR/latest/APIReference/API_DescribeImages.html (ImageNotFoundException)
    """

    def describe_images(asked: Any) -> _Answer:  # noqa: ANN401
        name = asked.get("repositoryName", "")
        for wanted in asked.get("imageIds") or [] if name in ecr._repositories else []:
            if ecr._find_image(name, wanted) is None:
                return _refused("ImageNotFoundException", f"The image with imageId {wanted} does not exist")
        return describe(asked)

    return describe_images


def _refusing_the_same(put: Callable[[Any], _Answer]) -> Callable[[Any], _Answer]:
    """The same image under the same tag is refused; under another tag it is one image with two tags.

    https://docs.aws.amazon.com/AmazonECR/latest/APIReference/API_PutImage.html (ImageAlreadyExistsException)
    """

    def put_image(asked: Any) -> _Answer:  # noqa: ANN401
        name, tag = asked.get("repositoryName", ""), asked.get("imageTag")
        digest = asked.get("imageDigest") or ecr._image_digest(asked.get("imageManifest", ""))
        for image in ecr._images.get(name, []):
            if tag and tag in image.get("imageTags", []) and image["imageDigest"] == digest:
                return _refused("ImageAlreadyExistsException", f"Image with digest {digest} and tag {tag} is there")
        return put(asked)

    return put_image


def _refused(code: str, message: str) -> _Answer:
    body = json.dumps({"__type": code, "message": message}).encode()
    return 400, {"Content-Type": "application/x-amz-json-1.1"}, body

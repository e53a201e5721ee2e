"""Turns what botocore raises into one line for the user."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager

from botocore.exceptions import BotoCoreError, ClientError

from local.errors import LocalError


@contextmanager
def asking(what: str, advice: Mapping[str, str] | None = None) -> Iterator[None]:
    """Raise LocalError, naming `what` was asked for, where the block raises an error of botocore.

    `advice` says what to do, by AWS error code.
    """
    try:
        yield
    except ClientError as error:
        answer = error.response["Error"]
        code = answer.get("Code", "error")
        hint = (advice or {}).get(code)
        raise LocalError(
            f"{what}: {answer.get('Message') or code}".rstrip(".") + (f"; {hint}" if hint else "")
        ) from error
    except BotoCoreError as error:
        raise LocalError(f"{what}: the AWS inside this machine does not answer ({error})") from error

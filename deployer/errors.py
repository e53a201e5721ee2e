"""What can go wrong between this tool and AWS, as one line a person can act upon."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from botocore import exceptions as boto
from botocore.exceptions import BotoCoreError, ClientError

_SIGN_IN = "sign in (for example `aws sso login`), or set AWS_PROFILE or AWS_ACCESS_KEY_ID and its secret"
_SET_REGION = "set AWS_REGION, for example `export AWS_REGION=eu-west-1`"
_LOOK_AT_NETWORK = "check the network, proxies and AWS_ENDPOINT_URL, then run it again: it continues where it was"

_EXPIRED = {"ExpiredToken", "ExpiredTokenException", "RequestExpired", "TokenRefreshRequired"}
_NOT_ACCEPTED = {
    "AuthFailure",
    "IncompleteSignature",
    "InvalidAccessKeyId",
    "InvalidClientTokenId",
    "InvalidToken",
    "SignatureDoesNotMatch",
    "UnrecognizedClientException",
}
_DENIED = {"403", "AccessDenied", "AccessDeniedException", "Forbidden", "UnauthorizedOperation"}
_THROTTLED = {"RequestLimitExceeded", "SlowDown", "Throttling", "ThrottlingException", "TooManyRequestsException"}

# Kinds of trouble that arise before AWS has answered; the first that fits is told.
_BEFORE_AN_ANSWER: tuple[tuple[tuple[type[Exception], ...], str, str], ...] = (
    ((boto.NoCredentialsError,), "no AWS credentials were found", _SIGN_IN),
    ((boto.ProfileNotFound,), "the AWS profile does not exist", "see `aws configure list-profiles`"),
    ((boto.PartialCredentialsError,), "the AWS credentials are incomplete", _SIGN_IN),
    (
        (boto.CredentialRetrievalError, boto.SSOError, boto.TokenRetrievalError),
        "the AWS credentials could not be fetched or have expired",
        _SIGN_IN,
    ),
    ((boto.NoRegionError,), "no AWS region is chosen", _SET_REGION),
    ((boto.InvalidRegionError,), "the AWS region's name is not valid", _SET_REGION),
    (
        (boto.HTTPClientError, boto.ConnectionError),
        "AWS could not be reached",
        _LOOK_AT_NETWORK,
    ),
)


class DeployError(Exception):
    """A failure that its one line explains; `hint` says what to do and may be empty."""

    exit_status = 1

    def __init__(self, line: str, hint: str = "") -> None:
        super().__init__(line)
        self.line = line
        self.hint = hint

    def __str__(self) -> str:
        return f"{self.line}; {self.hint}" if self.hint else self.line


class Declined(DeployError):  # noqa: N818 - nothing went wrong: somebody said no
    """The plan was shown and not approved; nothing has been changed."""

    exit_status = 3


class WrongUse(DeployError):  # noqa: N818 - nothing went wrong: something else was asked for than can be
    """What was asked for cannot be; nothing has been done."""

    exit_status = 2


def explain(error: BotoCoreError | ClientError) -> DeployError:
    """Turn any error of botocore into the line that a user can act upon."""
    if isinstance(error, ClientError):
        return _explain_answer(error)
    if isinstance(error, boto.ParamValidationError):
        # Its text quotes the values, and a value may be a secret.
        return DeployError("a request to AWS was malformed and not sent", "this is a defect of the deployer")
    for kinds, line, hint in _BEFORE_AN_ANSWER:
        if isinstance(error, kinds):
            return DeployError(f"{line}: {one_line(str(error)).rstrip('.')}", hint)
    return DeployError(f"AWS could not be asked: {one_line(str(error))}")


def _explain_answer(error: ClientError) -> DeployError:
    code = error_code(error)
    message = one_line(error.response.get("Error", {}).get("Message", "")).rstrip(".") or code
    action = error.operation_name
    if code in _EXPIRED:
        return DeployError(f"the AWS credentials have expired ({action})", f"{_SIGN_IN}, and run it again")
    if code in _NOT_ACCEPTED:
        return DeployError(f"AWS does not accept these credentials ({action}: {code})", _SIGN_IN)
    if code in _DENIED:
        return DeployError(f"AWS does not allow {action}: {message}", "ask for this permission, or use another role")
    if code in _THROTTLED:
        return DeployError(f"AWS is throttling {action}: {message}", "run it again in a minute")
    return DeployError(f"{action} failed: {code}: {message}")


def error_code(error: ClientError) -> str:
    """The code AWS answered with, for example `ValidationError`."""
    return error.response.get("Error", {}).get("Code", "unknown")


def one_line(text: str) -> str:
    """Text of others on one line, without control characters that would disturb a terminal."""
    return " ".join("".join(c if c.isprintable() else " " for c in text).split())


@contextmanager
def explained() -> Iterator[None]:
    """Let no error of botocore out but as a `DeployError`: every door to the deployer stands in this."""
    try:
        yield
    except (BotoCoreError, ClientError) as error:
        raise explain(error) from error

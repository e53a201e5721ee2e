"""What can go wrong between this tool and AWS, as one line a person can act upon."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from botocore import exceptions as boto
from botocore.exceptions import BotoCoreError, ClientError
from botocore.parsers import ResponseParserError
from urllib3.exceptions import HTTPError

DONE, FAILED, WRONG_USE, DECLINED = 0, 1, 2, 3
"""Exit statuses of the command line."""

AwsError = BotoCoreError | ClientError | ResponseParserError | HTTPError
"""Whatever a call of AWS raises. An answer that cannot be read is none of botocore's own errors, nor is one that breaks
off in the middle of saying no, where an object is asked for: botocore reads that one unguarded.
"""
AWS_ERRORS = (BotoCoreError, ClientError, ResponseParserError, HTTPError)
"""The same, for `except`."""

_SIGN_IN = "sign in (for example `aws sso login`), or set AWS_PROFILE or AWS_ACCESS_KEY_ID and its secret"
_BY_THE_CLI = (
    "let the AWS CLI hand them over: AWS_PROFILE=NAME of a profile that says"
    " `credential_process = aws configure export-credentials --profile WHERE_YOU_SIGNED_IN`"
)
_SET_REGION = "set AWS_REGION, for example `export AWS_REGION=eu-west-1`"
_AGAIN = "run it again: it continues where it was"
_DAMAGED = "an answer of AWS arrived damaged"
_LOOK_AT_NETWORK = f"check the region's name, the network, proxies and AWS_ENDPOINT_URL, then {_AGAIN}"

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
_DENIED = {
    "403",
    "AccessDenied",
    "AccessDeniedException",
    "AuthorizationError",
    "Forbidden",
    "UnauthorizedOperation",
}
_TROUBLE = {
    "500",
    "502",
    "503",
    "504",
    "InternalError",
    "InternalFailure",
    "InternalServerError",
    "InternalServiceError",
    "ServerException",
    "ServiceUnavailable",
    "ServiceUnavailableException",
}
_THROTTLED = {
    "429",
    "RequestLimitExceeded",
    "SlowDown",
    "Throttling",
    "ThrottlingException",
    "TooManyRequestsException",
}

# Kinds of trouble that arise before AWS has answered; the first that fits is told.
_BEFORE_AN_ANSWER: tuple[tuple[tuple[type[Exception], ...], str, str], ...] = (
    ((boto.NoCredentialsError,), "no AWS credentials were found", _SIGN_IN),
    ((boto.ProfileNotFound,), "the AWS profile does not exist", "see `aws configure list-profiles`"),
    ((boto.PartialCredentialsError,), "the AWS credentials are incomplete", _SIGN_IN),
    (
        (boto.CredentialRetrievalError, boto.LoginError, boto.SSOError, boto.TokenRetrievalError),
        "the AWS credentials could not be fetched or have expired",
        _SIGN_IN,
    ),
    ((boto.NoRegionError,), "no AWS region is chosen", _SET_REGION),
    ((boto.InvalidRegionError,), "the AWS region's name is not valid", _SET_REGION),
    ((boto.IncompleteReadError, boto.ResponseStreamingError, HTTPError), "an answer of AWS broke off", _AGAIN),
    ((boto.ChecksumError, boto.FlexibleChecksumError), _DAMAGED, _AGAIN),
    ((boto.HTTPClientError, boto.ConnectionError), "AWS could not be reached", _LOOK_AT_NETWORK),
)
_WRONG_USE = (boto.ProfileNotFound, boto.NoRegionError, boto.InvalidRegionError)


class DeployError(Exception):
    """A failure that its one line explains; `hint` says what to do and may be empty."""

    exit_status = FAILED

    def __init__(self, line: str, hint: str = "") -> None:
        super().__init__(line)
        self.line = line
        self.hint = hint

    def __str__(self) -> str:
        return f"{self.line}; {self.hint}" if self.hint else self.line


class Declined(DeployError):  # noqa: N818 - nothing went wrong: somebody said no
    """The plan was shown and not approved; nothing has been changed."""

    exit_status = DECLINED


class WrongUse(DeployError):  # noqa: N818 - nothing went wrong: something else was asked for than can be
    """What was asked for cannot be; nothing has been done."""

    exit_status = WRONG_USE


def explain(error: AwsError) -> DeployError:
    """Turn any error of botocore into the line that a user can act upon."""
    if isinstance(error, ClientError):
        return _explain_answer(error)
    if isinstance(error, ResponseParserError):
        # Its text quotes the answer, and an answer may hold a secret.
        return DeployError(_DAMAGED, _AGAIN)
    if isinstance(error, boto.ParamValidationError):
        # Its text quotes the values, and a value may be a secret.
        return DeployError("a request to AWS was malformed and not sent", "this is a defect of the deployer")
    if isinstance(error, boto.MissingDependencyException):
        # Its text says to install what the lock file does not have. What we call takes it for these credentials alone.
        # https://docs.aws.amazon.com/cli/latest/reference/configure/export-credentials.html
        return DeployError("AWS credentials of `aws login` cannot be read here", _BY_THE_CLI)
    for kinds, line, hint in _BEFORE_AN_ANSWER:
        if isinstance(error, kinds):
            told = WrongUse if isinstance(error, _WRONG_USE) else DeployError
            return told(f"{line}: {one_line(str(error)).rstrip('.')}", hint)
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
    if code in _TROUBLE:
        return DeployError(f"AWS has trouble of its own with {action}: {message}", f"in a minute {_AGAIN}")
    return DeployError(f"{action} failed: {code}: {message}")


def error_code(error: ClientError) -> str:
    """The code AWS answered with, for example `ValidationError`."""
    return error.response.get("Error", {}).get("Code", "unknown")


def is_denied(error: ClientError) -> bool:
    """Whether the caller may not do this."""
    return error_code(error) in _DENIED


def is_not_accepted(error: ClientError) -> bool:
    """Whether AWS does not take the credentials, as where a region is not enabled for their account."""
    return error_code(error) in _NOT_ACCEPTED


def is_passing(error: ClientError) -> bool:
    """Whether AWS has trouble of its own, or no time: the same call may be answered in a minute."""
    return error_code(error) in _TROUBLE | _THROTTLED


def one_line(text: str) -> str:
    """Text of others on one line, without control characters that would disturb a terminal."""
    return " ".join("".join(c if c.isprintable() else " " for c in text).split())


@contextmanager
def explained() -> Iterator[None]:
    """Let no error of botocore out but as a `DeployError`: every door to the deployer stands in this."""
    try:
        yield
    except AWS_ERRORS as error:
        raise explain(error) from error

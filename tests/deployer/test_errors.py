from __future__ import annotations

import pytest
from botocore import exceptions as boto
from botocore.exceptions import BotoCoreError, ClientError
from botocore.parsers import ResponseParserError
from urllib3.exceptions import ProtocolError

from deployer.errors import FAILED, WRONG_USE, Declined, DeployError, explain, explained, one_line


def _answer(code: str, message: str = "because") -> ClientError:
    return ClientError({"Error": {"Code": code, "Message": message}}, "CreateStack")


@pytest.mark.parametrize(
    ("error", "expected"),
    [
        (boto.NoCredentialsError(), "no AWS credentials were found"),
        (boto.ProfileNotFound(profile="prod"), "prod"),
        (boto.PartialCredentialsError(provider="env", cred_var="AWS_SECRET_ACCESS_KEY"), "incomplete"),
        (boto.UnauthorizedSSOTokenError(), "aws sso login"),
        (boto.TokenRetrievalError(provider="sso", error_msg="x"), "aws sso login"),
        (boto.LoginRefreshRequired(), "or have expired: Your session"),
        (boto.MissingDependencyException(msg='pip install "botocore[crt]"'), "aws configure export-credentials"),
        (boto.NoRegionError(), "You must specify a region; set AWS_REGION"),
        (boto.InvalidRegionError(region_name="x y"), "set AWS_REGION"),
        (boto.EndpointConnectionError(endpoint_url="https://x", error="no route"), "could not be reached"),
        (boto.ConnectTimeoutError(endpoint_url="https://x", error="slow"), "could not be reached"),
        (boto.ReadTimeoutError(endpoint_url="https://x", error="slow"), "could not be reached"),
        (boto.SSLError(endpoint_url="https://x", error=ValueError("cert")), "could not be reached"),
        (boto.ConnectionClosedError(endpoint_url="https://x"), "could not be reached"),
        (boto.ProxyConnectionError(proxy_url="http://p"), "could not be reached"),
        (_answer("ExpiredToken"), "have expired (CreateStack)"),
        (_answer("RequestExpired"), "have expired"),
        (_answer("InvalidClientTokenId"), "does not accept these credentials"),
        (_answer("SignatureDoesNotMatch"), "does not accept these credentials"),
        (_answer("AccessDenied", "no\nCreateStack for you"), "does not allow CreateStack: no CreateStack for you"),
        (_answer("403", "Forbidden"), "does not allow CreateStack: Forbidden"),
        (_answer("Throttling"), "throttling CreateStack"),
        (_answer("ValidationError", "because."), "CreateStack failed: ValidationError: because"),
        (_answer("404", ""), "CreateStack failed: 404: 404"),
        (
            _answer("InternalFailure", "oops."),
            "trouble of its own with CreateStack: oops; in a minute run it again",
        ),
        (_answer("503", ""), "has trouble of its own"),
        (boto.IncompleteReadError(actual_bytes=1, expected_bytes=2), "broke off"),
        (boto.ResponseStreamingError(error="reset"), "broke off"),
        (boto.FlexibleChecksumError(error_msg="other"), "arrived damaged"),
    ],
)
def test_every_trouble_is_one_line(error: BotoCoreError | ClientError, expected: str) -> None:
    line = str(explain(error))

    assert expected in line
    assert "\n" not in line


@pytest.mark.parametrize(
    ("error", "status"),
    [
        (boto.ProfileNotFound(profile="prod"), WRONG_USE),
        (boto.NoRegionError(), WRONG_USE),
        (boto.InvalidRegionError(region_name="x y"), WRONG_USE),
        (boto.NoCredentialsError(), FAILED),
        (boto.EndpointConnectionError(endpoint_url="https://x", error="no route"), FAILED),
    ],
)
def test_what_was_chosen_wrongly_is_told_apart_by_its_exit_status(error: BotoCoreError, status: int) -> None:
    assert explain(error).exit_status == status


def test_what_is_missing_is_not_to_be_installed_beside_the_lock_file() -> None:
    assert "pip" not in str(explain(boto.MissingDependencyException(msg='pip install "botocore[crt]"')))


def test_a_malformed_request_does_not_tell_its_values() -> None:
    error = boto.ParamValidationError(report="Invalid type for parameter Value, value: a-secret-value")

    assert "a-secret-value" not in str(explain(error))


def test_a_damaged_answer_does_not_tell_what_it_held() -> None:
    with pytest.raises(DeployError) as caught, explained():
        raise ResponseParserError("invalid XML received: b'<SecretString>a-secret-value'")

    assert str(caught.value) == "an answer of AWS arrived damaged; run it again: it continues where it was"


def test_a_refusal_that_breaks_off_midway_is_a_line() -> None:
    with pytest.raises(DeployError, match=r"^an answer of AWS broke off: .*; run it again"), explained():
        raise ProtocolError("Response ended prematurely")


def test_errors_of_botocore_come_out_explained() -> None:
    with pytest.raises(DeployError, match="set AWS_REGION"), explained():
        raise boto.NoRegionError


def test_other_errors_pass() -> None:
    with pytest.raises(ZeroDivisionError), explained():
        raise ZeroDivisionError


def test_a_no_is_told_apart_by_its_exit_status() -> None:
    assert (DeployError("x").exit_status, Declined("x").exit_status) == (1, 3)


def test_the_hint_follows_the_line() -> None:
    assert str(DeployError("it broke", "mend it")) == "it broke; mend it"


def test_text_of_others_cannot_move_the_cursor() -> None:
    assert one_line("a\r\n\tb\x1b[2Jc") == "a b [2Jc"

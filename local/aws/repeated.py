"""Requests to CloudFormation that bear a token: the same once more is answered as it was, and done once.

A client repeats a request whose answer was lost on its way. AWS on the tokens (and API_ExecuteChangeSet):
https://docs.aws.amazon.com/AWSCloudFormation/latest/APIReference/API_CreateChangeSet.html
"""

from collections.abc import Callable, Mapping
from typing import Any

from local.aws.emulator import cloudformation

_TOKENS = {"CreateChangeSet": "ClientToken", "ExecuteChangeSet": "ClientRequestToken"}
_DONE = 200  # status of an answer that is worth keeping: what was refused may be asked again

Parameters = Mapping[str, Any]
Answer = tuple[int, dict[str, str], bytes]
Ask = Callable[[Parameters], Answer]


def install() -> None:
    """Let CloudFormation heed the tokens."""
    asks = cloudformation._ACTION_HANDLERS  # noqa: SLF001 - as local.aws.emulator enters ministack
    for operation, token in _TOKENS.items():
        asks[operation] = _once(asks[operation], token)


def _once(ask: Ask, name: str) -> Ask:
    answers: dict[str, Answer] = {}

    def asked(parameters: Parameters) -> Answer:
        token = str(parameters.get(name, ""))
        if token in answers:
            return answers[token]
        answer = ask(parameters)
        if token and answer[0] == _DONE:
            answers[token] = answer
        return answer

    return asked

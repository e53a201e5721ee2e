# ruff: noqa: SLF001  # ministack is entered through parts it keeps to itself
"""RDS's offers: every class of instance can be had here, where ministack names ten that are old by now."""

from collections.abc import Callable
from typing import Any

from local.aws.emulator import rds

_ASK, _KNOWN = "DescribeOrderableDBInstanceOptions", "db.t3.micro"
_Answer = tuple[int, Any, bytes]


def install() -> None:
    """Offer the class that is asked for."""
    rds._ACTION_MAP[_ASK] = _every_class(rds._ACTION_MAP[_ASK])


def _every_class(answer: Callable[[Any], _Answer]) -> Callable[[Any], _Answer]:
    def describe(asked: Any) -> _Answer:  # noqa: ANN401
        wanted = rds._p(asked, "DBInstanceClass")
        if not wanted:
            return answer(asked)
        status, headers, body = answer({**asked, "DBInstanceClass": [_KNOWN]})
        return status, headers, body.replace(_KNOWN.encode(), wanted.encode())

    return describe

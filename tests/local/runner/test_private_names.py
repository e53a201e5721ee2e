import pytest

from local.runner.private_names import on_this_machine

NAMES = frozenset({"webserver.demo-local.internal", "api.webserver.demo-local.internal"})


@pytest.mark.parametrize(
    ("value", "here"),
    [
        ("http://webserver.demo-local.internal:8080/execution/", "http://127.0.0.1:8080/execution/"),
        ("webserver.demo-local.internal", "127.0.0.1"),
        ("webserver.demo-local.internal.", "127.0.0.1"),
        ("Webserver.Demo-Local.INTERNAL", "127.0.0.1"),
        ("a://u@webserver.demo-local.internal,webserver.demo-local.internal/x", "a://u@127.0.0.1,127.0.0.1/x"),
        ("api.webserver.demo-local.internal:1", "127.0.0.1:1"),
        ("webserver.demo-local.internal.example.com", "webserver.demo-local.internal.example.com"),
        ("my-webserver.demo-local.internal", "my-webserver.demo-local.internal"),
        ("other.webserver.demo-local.internal", "other.webserver.demo-local.internal"),
        ("webserver.demo-local.internals", "webserver.demo-local.internals"),
        ("webserverXdemo-local.internal", "webserverXdemo-local.internal"),
        ("webserver", "webserver"),
    ],
)
def test_whole_names_are_replaced(value: str, here: str) -> None:
    assert on_this_machine(value, NAMES) == here


def test_without_names_nothing_is_replaced() -> None:
    assert on_this_machine("anything", frozenset()) == "anything"

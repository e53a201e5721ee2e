import os
import socket
from collections.abc import Iterator

import pytest

from local.errors import LocalError
from local.runner.definitions import ServiceTask
from local.runner.ports import require_free


def tasks(component: str, port: int, desired: int = 1) -> list[ServiceTask]:
    return [ServiceTask("Service", component, (), ports=(port,), desired=desired)]


@pytest.fixture(params=["127.0.0.1", "0.0.0.0"])  # noqa: S104
def taken(request: pytest.FixtureRequest) -> Iterator[int]:
    with socket.create_server((request.param, 0)) as server:
        yield server.getsockname()[1]


def test_a_taken_port_names_component_holder_and_setting(taken: int) -> None:
    with pytest.raises(LocalError) as raised:
        require_free(tasks("webserver", taken))
    assert str(raised.value).startswith(f"port {taken} of webserver: is taken by ")
    assert f"(process {os.getpid()})" in str(raised.value)
    assert "service.yml (environments: local: service: webserver: port, and " in str(raised.value)
    assert "service: baseUrl)" in str(raised.value)


def test_a_port_that_is_no_setting_can_only_be_freed(taken: int) -> None:
    with pytest.raises(LocalError, match=rf"port {taken} of workers: is taken by .*; end what has it"):
        require_free(tasks("workers", taken))


def test_a_free_port_is_fine() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
    require_free(tasks("webserver", port))


def test_a_service_that_is_switched_off_needs_no_port(taken: int) -> None:
    require_free(tasks("webserver", taken, desired=0))


def test_a_port_that_was_just_in_use_is_free() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
        client = socket.create_connection(("127.0.0.1", port))
        accepted, _ = server.accept()
        accepted.close()
        client.close()
    require_free(tasks("webserver", port))

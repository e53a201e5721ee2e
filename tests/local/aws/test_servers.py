import socket
import ssl
import struct
from pathlib import Path

import pytest

from local.aws import settings
from local.aws.doors import Doors
from local.aws.servers import free_port
from local.aws.valkey import quoted
from local.ordinary_user import closed_to_others


@pytest.fixture
def open_folder(tmp_path: Path) -> Path:
    """Folders everybody may enter, below those of pytest, which are closed."""
    folder = tmp_path / "a" / "b"
    folder.mkdir(parents=True)
    return folder


def test_the_first_closed_folder_on_the_way_is_named(open_folder: Path) -> None:
    open_folder.parent.chmod(0o755)
    open_folder.chmod(0o700)
    outermost = closed_to_others(open_folder)
    assert outermost is not None
    assert open_folder.is_relative_to(outermost)
    assert closed_to_others(Path("/")) is None


def test_a_free_port_can_be_taken() -> None:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", free_port()))


def test_any_token_can_be_written_into_valkeys_settings() -> None:
    assert quoted('a"\\\n é') == '"\\x61\\x22\\x5c\\x0a\\x20\\xc3\\xa9"'


def test_ministack_is_told_to_stay_on_loopback_in_its_folder_without_docker(tmp_path: Path) -> None:
    told = settings.variables(4711, tmp_path)
    assert told["BIND_HOST"] == "127.0.0.1"
    assert told["GATEWAY_PORT"] == "4711"
    assert {told[name] for name in ("PERSIST_STATE", "IOT_MTLS_ENABLED", "SFTP_ENABLED", "USE_SSL")} == {"0"}
    for name in ("S3_DATA_DIR", "STATE_DIR", "TMPDIR"):
        assert Path(told[name]).parent == tmp_path
    assert not Path(told["DOCKER_HOST"].removeprefix("unix://")).exists()


def startup_without_tls() -> bytes:
    body = struct.pack("!i", 196608) + b"user\0airflow\0\0"
    return struct.pack("!i", len(body) + 4) + body


@pytest.mark.parametrize("greeting", [b"", struct.pack("!ii", 8, 80877104)])
def test_a_database_client_that_does_not_ask_for_tls_is_refused(greeting: bytes) -> None:
    doors = Doors(ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER))
    port = doors.open(free_port(), asks_first=True)
    with socket.create_connection(("127.0.0.1", port), timeout=5) as client:
        if greeting:  # GSSAPI encryption: not spoken, TLS or plain text may be tried next
            client.sendall(greeting)
            assert client.recv(1) == b"N"
        client.sendall(startup_without_tls())
        answer = client.recv(1000)
    assert answer[:1] == b"E"
    assert struct.unpack("!i", answer[1:5])[0] == len(answer) - 1
    assert b"sslmode=require" in answer
    doors.close(port)
    with pytest.raises(OSError, match="refused"):
        socket.create_connection(("127.0.0.1", port), timeout=5)


def test_a_database_client_that_asks_for_tls_is_told_yes() -> None:
    doors = Doors(ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER))
    port = doors.open(free_port(), asks_first=True)
    with socket.create_connection(("127.0.0.1", port), timeout=5) as client:
        client.sendall(struct.pack("!ii", 8, 80877103))
        assert client.recv(10) == b"S"
    doors.close(port)

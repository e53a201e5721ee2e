"""What ministack reads from the environment while it loads: nothing of the user's, and nothing but loopback."""

import os
from pathlib import Path

REGION = "us-east-1"
ACCOUNT = "000000000000"

_OFF = ("AUTH", "PERSIST_STATE", "S3_PERSIST", "RDS_PERSIST", "IOT_MTLS_ENABLED", "SFTP_ENABLED", "USE_SSL")


def apply(port: int, folder: Path) -> None:
    """Set this process's environment for a ministack that answers at `port` and keeps its files in `folder`."""
    temporary = folder / "tmp"
    temporary.mkdir(exist_ok=True)
    for name in [name for name in os.environ if name.startswith(("AWS_", "MINISTACK_", "LOCALSTACK_", "DOCKER_"))]:
        del os.environ[name]
    os.environ.update(variables(port, folder))


def variables(port: int, folder: Path) -> dict[str, str]:
    """Return what ministack is told: no state kept, no Docker, no listener but ours, no file outside `folder`."""
    return {
        **dict.fromkeys(_OFF, "0"),
        "BIND_HOST": "127.0.0.1",
        "GATEWAY_PORT": str(port),
        "LOG_LEVEL": "WARNING",
        "MINISTACK_ACCOUNT_ID": ACCOUNT,
        "MINISTACK_REGION": REGION,
        "S3_DATA_DIR": str(folder / "s3"),
        "STATE_DIR": str(folder / "state"),
        "TMPDIR": str(folder / "tmp"),
        "DOCKER_HOST": f"unix://{folder}/no-docker",  # there is none; ministack then does not look further
    }

"""The embedded AWS as a process: `python -m local.aws FOLDER CHECKOUT LOCK`.

FOLDER is where it keeps everything; LOCK is the descriptor of a held lock file, let go once it is ready (or dead), so
that whoever else wants to start one waits. Ready means: FOLDER/endpoint.json is there.
"""

import socket
import sys
from pathlib import Path

from local.aws import settings
from local.aws.doors import LOOPBACK
from local.errors import LocalError
from local.processes import write_down_myself


def main(folder: Path, checkout: Path, lock: int) -> None:
    """Serve until ended by a signal."""
    write_down_myself(folder / "processes" / "aws.json")
    with socket.socket() as listener:
        listener.bind((LOOPBACK, 0))
        listener.listen(128)
        settings.apply(listener.getsockname()[1], folder)
        # Only now: ministack reads the environment while it loads.
        from local.aws.serving import serve  # noqa: PLC0415

        serve(listener, folder, checkout, lock)


if __name__ == "__main__":
    try:
        main(Path(sys.argv[1]), Path(sys.argv[2]), int(sys.argv[3]))
    except LocalError as error:
        sys.exit(str(error))

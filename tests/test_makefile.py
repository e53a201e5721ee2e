"""What the Makefile writes into files."""

import subprocess
from pathlib import Path

CHECKOUT = Path(__file__).parents[1]


def test_a_file_is_written_whole_or_not_at_all(tmp_path: Path) -> None:
    failing = "sh -c 'echo half; exit 1'"
    asked = [
        "make",
        f"--file={CHECKOUT / 'Makefile'}",
        "--old-file=.venv/ready",
        f"RUN={failing}",
        "service.schema.json",
    ]
    done = subprocess.run(asked, cwd=tmp_path, capture_output=True, text=True, check=False)

    assert "Error 1" in done.stderr
    assert not (tmp_path / "service.schema.json").exists()

"""Makes `airflow_runtime` importable as it is in the image, where its folder is on PYTHONPATH."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[2] / "docker"))

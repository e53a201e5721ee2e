"""Settings and templates that tests start from."""

from collections.abc import Callable
from typing import Any

import pytest
import yaml

from generator.config.environments import merge
from generator.config.settings import Settings
from generator.render import render

MINIMUM: dict[str, Any] = {"environment": "dev", "serviceName": "air", "owner": "data"}
Rendered = dict[str, dict[str, Any]]


@pytest.fixture
def rendered() -> Callable[[dict[str, Any]], Rendered]:
    """Templates, as data by file name, of the defaults with some settings laid over."""

    def render_with(overrides: dict[str, Any]) -> Rendered:
        settings = Settings.model_validate(merge(MINIMUM, overrides))
        return {name: yaml.safe_load(text) for name, text in render(settings).items()}

    return render_with

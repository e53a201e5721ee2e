"""What of the shell that starts the tests may reach them: nothing that would change what the product does."""

import os
import re
from collections.abc import Iterable

# Read by the product, by a library or by a program of it, or left there by git's hooks and by make.
_FOREIGN = re.compile(
    r"(AWS|AIRFLOW|BUILDKIT|BUILDX|CELERY|DOCKER|GITHUB|MINISTACK)_\w+"
    r"|ARGS|BUILD_OPTIONS|CI|COLUMNS|CONTAINER_CLI|ENVIRONMENT|FORCE_COLOR|LINES|NO_COLOR|OUT|REGION|SETTINGS|TZ"
    r"|GIT_(AUTHOR|COMMITTER|DIR|INDEX|OBJECT|PREFIX|WORK)\w*|MAKE\w+|MFLAGS"
)
IN_CI = bool(os.environ.get("CI"))  # as this process was started: a missing tool is then a failure


def foreign(names: Iterable[str]) -> list[str]:
    """Those of `names` that no test may see."""
    return [name for name in names if _FOREIGN.fullmatch(name)]

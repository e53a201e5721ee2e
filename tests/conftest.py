"""Every test sees the same shell, whoever starts it: a developer with an account, a CI job, a hook of git."""

import os

from tests.shell import foreign

for name in foreign(os.environ):
    del os.environ[name]
for name in ("AWS_CONFIG_FILE", "AWS_SHARED_CREDENTIALS_FILE"):
    os.environ[name] = os.devnull

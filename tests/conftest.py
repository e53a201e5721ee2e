"""Every test sees the same shell, whoever starts it: a developer with an account, a CI job, a hook of git, nohup."""

import os
import signal

from tests.shell import foreign

for name in foreign(os.environ):
    del os.environ[name]
for name in ("AWS_CONFIG_FILE", "AWS_SHARED_CREDENTIALS_FILE"):
    os.environ[name] = os.devnull
# What is ignored here, as in the background or under nohup, all programs that tests start would ignore as well.
for number, handler in ((signal.SIGINT, signal.default_int_handler), (signal.SIGHUP, lambda *_: None)):
    if signal.getsignal(number) is signal.SIG_IGN:
        signal.signal(number, handler)

"""ministack with all its additions, served on a socket that is already open."""

import asyncio
import json
import os
import socket
import urllib.request
from pathlib import Path

from hypercorn.asyncio import serve as serve_app  # type: ignore[import-not-found]
from hypercorn.config import Config  # type: ignore[import-not-found]

from local.aws import (
    alarms,
    balancing,
    ecs,
    events,
    images,
    left_out,
    messages,
    nested,
    network,
    offers,
    postgres,
    relational,
    repeated,
    scaling,
    secrets,
    storage,
    tags,
    telling,
    tls,
    valkey,
)
from local.aws.brokers import Brokers
from local.aws.databases import Databases
from local.aws.doors import LOOPBACK, Doors
from local.aws.emulator import app
from local.aws.servers import Servers
from local.aws.settings import ACCOUNT, REGION
from local.ordinary_user import check_reachable


def serve(listener: socket.socket, folder: Path, checkout: Path, lock: int) -> None:
    """Serve until the process is ended: there is nothing to put in order, what it held is thrown away."""
    for program in (postgres.programs(), valkey.program()):  # missing, they had better be missed now
        check_reachable(program)
    context, certificates = tls.make(folder / "tls")
    _install(Servers(folder / "processes", checkout), Doors(context), folder)
    url = f"http://{LOOPBACK}:{listener.getsockname()[1]}"
    endpoint = {"url": url, "region": REGION, "account": ACCOUNT, "certificates": str(certificates)}
    asyncio.run(_serve(listener, endpoint, folder, lock))


def _install(servers: Servers, doors: Doors, folder: Path) -> None:
    """Add to ministack what it lacks."""
    for kind in ("database", "broker"):
        (folder / kind).mkdir()
    relational.install(Databases(servers, doors, folder / "database"))
    Brokers(servers, doors, folder / "broker").install()
    for module in (alarms, balancing, ecs, events, images, messages, nested, network):
        module.install()
    for module in (offers, repeated, scaling, secrets, storage, tags):
        module.install()
    left_out.install()  # completes what is installed by now
    telling.install()


async def _serve(listener: socket.socket, endpoint: dict[str, str], folder: Path, lock: int) -> None:
    config = Config()
    config.bind = [f"fd://{listener.detach()}"]
    config.keep_alive_timeout = 75
    config.loglevel = "WARNING"
    for_ever = asyncio.Event().wait
    async with asyncio.TaskGroup() as tasks:
        tasks.create_task(serve_app(app.app, config, shutdown_trigger=for_ever))
        tasks.create_task(_tell_when_ready(endpoint, folder, lock))


async def _tell_when_ready(endpoint: dict[str, str], folder: Path, lock: int) -> None:
    """Wait for the first answer, then say where we are and let the next caller in."""
    await asyncio.to_thread(_first_answer, f"{endpoint['url']}/_ministack/health")
    draft = folder / "endpoint.draft"
    draft.touch(mode=0o600)  # whoever knows where we answer is told every secret
    draft.write_text(json.dumps(endpoint), encoding="utf-8")
    draft.replace(folder / "endpoint.json")
    os.close(lock)


def _first_answer(url: str) -> None:
    with urllib.request.build_opener(urllib.request.ProxyHandler({})).open(url, timeout=60) as answer:
        answer.read()

"""The verb that makes a real Airflow of what is deployed to the AWS inside this machine."""

from __future__ import annotations

import argparse
import os

from deployer.checkout import LOCAL
from deployer.console.lines import say
from deployer.verbs.deploying import bring
from deployer.verbs.offline import settings_of
from deployer.verbs.reaching import inside, layout


def local(options: argparse.Namespace) -> int:
    """Deploy to the AWS inside this machine and run what was deployed, until interrupted."""
    from rich.console import Console

    from deployer.verbs.image_sources import built_here
    from local.runner.definitions import Clients, read
    from local.runner.engine import Engine
    from local.runner.run import run
    from local.session import session

    options.environment, options.yes = LOCAL, True
    settings = settings_of(options)
    place = layout()
    if options.docker:
        options.image = options.image or settings.airflow.image or built_here(settings, say)
    engine = Engine.of(os.environ) if options.docker else None
    with session(place, say, engine, settings.image.package_index) as begun:
        given = bring(settings, options, inside(begun.endpoint)).root.outputs
        clients = Clients.of(begun.endpoint.session(), begun.endpoint.url)

        def ready() -> None:
            say(f"Airflow is ready: {read(clients, given['ClusterName']).url}  user: {given['AdminUser']}")
            say("Its password, in another terminal: make airflow-password ENVIRONMENT=local")
            say("Ctrl-C stops all of it.")

        return run(place, begun.endpoint, given["ClusterName"], begun.place, Console(stderr=True), ready)

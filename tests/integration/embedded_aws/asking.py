"""Asks the PostgreSQL behind a database, over TLS."""

import json
import subprocess
import textwrap

from local.embedded_aws import Endpoint
from local.layout import Layout

_SCRIPT = """
    import json, pg8000.native, ssl, sys
    it = json.load(sys.stdin)
    trust = ssl.create_default_context(cafile=it["trust"]) if it["tls"] else False
    connection = pg8000.native.Connection(
        "airflow", host="localhost", port=it["port"], password=it["password"], database="airflow", ssl_context=trust
    )
    print(connection.run(it["statement"]))
"""


def ask_server(
    layout: Layout, endpoint: Endpoint, port: int, password: str, statement: str, *, tls: bool = True
) -> str:
    """What user `airflow` is answered in database `airflow`, asked by the pg8000 of the embedded AWS's environment."""
    trust = str(endpoint.certificates)
    asked = {"trust": trust, "port": port, "password": password, "statement": statement, "tls": tls}
    done = subprocess.run(
        [layout.venvs / "aws" / "bin" / "python", "-c", textwrap.dedent(_SCRIPT)],
        input=json.dumps(asked),
        capture_output=True,
        text=True,
        check=False,
    )
    return done.stdout + done.stderr

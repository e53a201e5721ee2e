"""Certificates: an authority of our own for the database and the broker, trusted beside the public ones."""

import ssl
from pathlib import Path

import certifi  # type: ignore[import-not-found]
import trustme

NAMES = ("localhost", "127.0.0.1")


def make(folder: Path) -> tuple[ssl.SSLContext, Path]:
    """Make an authority and a certificate for loopback.

    Returns what a server needs to speak TLS, and the bundle for SSL_CERT_FILE: our authority and those the user's
    machine trusts, so that what trusts us can still reach the internet. Private keys do not outlive this process.
    """
    folder.mkdir(parents=True, exist_ok=True)
    authority = trustme.CA()
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    authority.issue_cert(*NAMES).configure_cert(context)
    bundle = folder / "certificates.pem"
    bundle.write_bytes(authority.cert_pem.bytes() + b"\n" + _public().read_bytes())
    return context, bundle


def _public() -> Path:
    """Where the machine keeps the authorities it trusts (the user's own SSL_CERT_FILE comes first)."""
    known = ssl.get_default_verify_paths().cafile
    return Path(known or certifi.where())

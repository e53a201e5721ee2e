"""Rules of what the image is built of."""

import re
from collections.abc import Iterator
from urllib.parse import urlsplit

from generator.config.findings import Found, Level, rule
from generator.config.settings import Settings
from generator.config.source import KeyPath

# What the tags of Airflow's images begin with: `3.3.2` of 3.3.2-python3.12.
OF_AIRFLOW = re.compile(r"(3\.\d+\.\d+)(-|$)")


def _sources(settings: Settings) -> Iterator[tuple[KeyPath, str]]:
    """Where packages come from, as far as it is written."""
    given = {"packageIndex": settings.image.package_index, "debianMirror": settings.image.debian_mirror}
    return ((("image", name), url) for name, url in given.items() if url)


def _tag(reference: str) -> str:
    """The tag of an image's reference, if it has one: what is behind a colon that is not a port's."""
    return reference.partition("@")[0].rpartition("/")[2].partition(":")[2]


@rule(Level.ERROR)
def password_in_url(settings: Settings) -> Found:
    """User or password stand in the address of a package index or mirror: the image would hold them for all to read."""
    for path, url in _sources(settings):
        if "@" in urlsplit(url).netloc:
            what = "holds a user or password, which would stand in the image for all to read; remove what is before @"
            yield path, f"{what}, and let your network say who may fetch packages"


@rule(Level.WARNING)
def packages_unencrypted(settings: Settings) -> Found:
    """Packages come over plain HTTP: who is on the way can put others in their place."""
    for path, url in _sources(settings):
        if url.startswith("http://"):
            yield path, "who is on the way can put other packages in place of these; write https:// if it is served"


@rule(Level.WARNING)
def base_unpinned(settings: Settings) -> Found:
    """The base of the image has neither tag nor digest, or the tag latest: what it is built on changes unseen."""
    base = settings.image.base
    if base and "@" not in base and _tag(base) in ("", "latest"):
        what = "names whatever is latest, which changes unseen; name a tag or a digest"
        yield ("image", "base"), f"{what}: {base.removesuffix(':latest')}:{settings.airflow.version}-python3.12"


@rule(Level.WARNING)
def base_of_another_airflow(settings: Settings) -> Found:
    """The base's tag is of another Airflow than airflow.version."""
    found = OF_AIRFLOW.match(_tag(settings.image.base))
    if found and found[1] != settings.airflow.version:
        what = f"is of Airflow {found[1]}, and airflow.version is {settings.airflow.version}"
        yield ("image", "base"), f"{what}; make them agree"

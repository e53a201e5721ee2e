"""One DAG file, as the DAG processor takes it in: import it, check its DAGs, serialize them."""

import re
import time
import traceback
import warnings
from collections.abc import Iterator, Sequence
from collections.abc import Set as AbstractSet
from pathlib import Path
from typing import Any

from dag_check import versions
from dag_check.dags_made import Made, cycle, each_for_itself, watch
from dag_check.places import Place, deepest, message
from dag_check.stand_in import Lookups, note_reads

# What an import fails with here for want of what is there when it is deployed: the database's content, a role of AWS.
_NO_LOOKUP = ("AirflowRuntimeError", "AirflowNotFoundException")
_NO_AWS = re.compile(
    r"botocore\.exceptions\.((NoCredentials|NoRegion|EndpointConnection|ConnectTimeout)Error|ProfileNotFound)\b"
)
_IMAGES_FOLDER = re.compile(r"FileNotFoundError: .*'/opt/airflow/")
_NO_LIBRARY = re.compile(r"(ImportError|OSError): \S+\.so[.\d]*: cannot open shared object file")
_NO_MODULE = re.compile(r"ModuleNotFoundError: No module named '(\w+)")
_NO_VARIABLE = re.compile(r"KeyError: '\w+'")
# Found again below, with more to say.
_OURS = ("AirflowDagCycleException", "AirflowDagDuplicatedIdException")
_LIMIT = re.compile(r"AirflowTaskTimeout: DagBag import timeout .* after ([\d.]+)s")
_WARNING = re.compile(r"(?P<file>.+?):(?P<line>\d+): (?P<what>.*)", re.DOTALL)

Answer = dict[str, Any]


def examine(
    file: str, dags: Path, folders: Sequence[str], *, safe_mode: bool, placeholders: AbstractSet[str] = frozenset()
) -> Answer:
    """Return what is to be said of a DAG file; `folders` are those whose files are the user's.

    Answers with seconds (of the import alone), dags, errors, templates that are not found, lookups, placeholders that
    were read, and deprecations, each with its file and line.
    An error has a `kind`: "lookup", "aws" and "folder" may come from being outside of the deployment.
    """
    lookups = Lookups(folders)
    lookups.take_place()
    bag = versions.bag(dags)
    made, read = watch(file, bag, folders), note_reads(placeholders, folders)
    started = time.perf_counter()
    with each_for_itself(), warnings.catch_warnings(record=True):
        warnings.simplefilter("default", DeprecationWarning)
        bag.process_file(file, only_if_updated=False, safe_mode=safe_mode)
    seconds = time.perf_counter() - started
    return {
        "seconds": seconds,
        "dags": [_at(made.place(dag), id=dag.dag_id, maker=made.makers.get(id(dag), "")) for dag in made.bagged],
        "errors": [*_refused(bag.import_errors, made, folders, lookups), *_cycles(made), *_not_serialized(bag, made)],
        "templates": [_at(made.place(dag), what=f"DAG {dag.dag_id!r}: {what}") for dag, what in made.unresolved],
        "placeholders": [_at(place, what=name) for name, place in read.items()],
        "lookups": [_at(place, what=what) for what, place in lookups.seen.items()],
        "deprecations": list(_deprecations(bag.captured_warnings, folders)),
    }


def _refused(errors: dict[str, str], made: Made, folders: Sequence[str], lookups: Lookups) -> Iterator[Answer]:
    for text in errors.values():
        if any(text.startswith(name) for name in _OURS):
            continue
        kind, what = "import", message(text)
        if limit := _LIMIT.search(what):
            kind, what = "time", f"not imported after {limit[1]} s (core.dagbag_import_timeout)"
        elif lookups.seen and any(name in text for name in _NO_LOOKUP):
            kind = "lookup"
        elif _NO_AWS.search(text):
            kind = "aws"
        elif _IMAGES_FOLDER.search(what):
            kind = "folder"
        elif _NO_VARIABLE.fullmatch(what) and 'File "<frozen os>"' in text:
            kind = "variable"
        elif _NO_LIBRARY.match(what):
            kind = "library"
        elif own := _of_that_name(what, folders):
            kind, what = "sibling", f"{what}; imports begin at dags/ and plugins/, and what has that name is {own}"
        place = deepest(text, folders) or made.place_in_words(text)
        yield _at(place, kind=kind, what=what)


def _of_that_name(what: str, folders: Sequence[str]) -> str:
    """Return the user's own file or folder that a missing module may be; nothing when it can be none."""
    match = _NO_MODULE.match(what)
    if match is None or match[1] == "airflow":
        return ""
    beneath = (each for folder in folders for name in (f"{match[1]}.py", match[1]) for each in Path(folder).rglob(name))
    return next((str(each) for each in beneath if each.suffix or each.is_dir()), "")


def _cycles(made: Made) -> Iterator[Answer]:
    for dag in made.bagged:
        if path := cycle(dag):
            yield _at(made.place(dag), kind="cycle", what=f"DAG {dag.dag_id!r} has a cycle: {' >> '.join(path)}")


def _not_serialized(bag: Any, made: Made) -> Iterator[Answer]:
    for dag in bag.dags.values():
        try:
            versions.to_dict(dag)
        except Exception:  # noqa: BLE001 - whatever it is, the DAG processor would stumble over it
            what = f"DAG {dag.dag_id!r} cannot be serialized: {message(traceback.format_exc())}"
            yield _at(made.place(dag), kind="serialization", what=what)


def _deprecations(captured: dict[str, tuple[str, ...]], folders: Sequence[str]) -> Iterator[Answer]:
    """Yield the deprecation warnings that the user's own lines cause."""
    for texts in captured.values():
        for text in texts:
            match = _WARNING.fullmatch(text)
            if match and ("Deprecat" in text or "RemovedIn" in text):
                place = Place(match["file"], int(match["line"]))
                if any(place.file.startswith(f"{folder}/") for folder in folders):
                    yield _at(place, what=" ".join(match["what"].split()))


def _at(place: Place, **more: Any) -> Answer:
    return {"file": place.file, "line": place.line, **more}

"""The command as a user types it, and one home that went once around the loop by it."""

import hashlib
import json
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from click.testing import CliRunner, Result
from PIL import Image as Picture

from backend.adjudication.references import open_case, record_decisions
from backend.cli import main
from backend.jobs import runs
from backend.jobs.steps import agree
from backend.jobs.steps.retrain import run_training
from backend.phantom.adjudicator import decide
from backend.records import LabelMasks
from backend.settings import Settings, load_settings
from backend.store.secrets import write_secret
from backend.store.session import open_session
from backend.store.tables import Image

READERS = ("reader 1", "reader 2")
STUDIES, SEED = 12, 3
KEY = hashlib.sha256(b"demo 86").hexdigest()
"""Sequesters, of ten patients, two with metastases and two without."""


@dataclass(frozen=True)
class Shell:
    """A terminal of its own: what the environment says, and how a command is run in it."""

    environment: dict[str, str]

    @property
    def home(self) -> Path:
        return Path(self.environment["SCINTILOOP_HOME"])

    def run(self, *words: str | Path) -> Result:
        with pytest.MonkeyPatch.context() as patch:
            # rich asks the real standard output how wide it is
            patch.setenv("COLUMNS", "200")
            return CliRunner(env=dict(self.environment)).invoke(main, [str(word) for word in words])

    def json(self, *words: str | Path, status: int = 0) -> dict[str, Any]:
        """The one document on standard output."""
        result = self.run(*words, "--json")
        assert result.exit_code == status, result.output
        document: dict[str, Any] = json.loads(result.stdout)
        return document


@dataclass(frozen=True)
class Tour(Shell):
    """A home after one turn of the loop, and the documents that the commands of that turn printed."""

    scans: Path = Path()
    said: dict[str, dict[str, Any]] = field(default_factory=dict)


@pytest.fixture
def shell(tmp_path: Path) -> Shell:
    """An empty home in which no model serves, and a broker address where nobody listens."""
    environment = {
        "SCINTILOOP_HOME": str(tmp_path / "home"),
        "SCINTILOOP_BROKER_URL": "redis://127.0.0.1:1/0",
        "SCINTILOOP_DAY_ONE": "false",
    }
    return Shell(environment)


@pytest.fixture(scope="session")
def tour(tmp_path_factory: pytest.TempPathFactory, broker: str) -> Tour:
    folder = tmp_path_factory.mktemp("tour")
    environment = {
        "SCINTILOOP_HOME": str(folder / "home"),
        "SCINTILOOP_BROKER_URL": broker,
        "SCINTILOOP_TRAIN_STEPS": "2",
        "SCINTILOOP_TEST_SHARE": "0.4",
        "SCINTILOOP_DAY_ONE": "false",
    }
    scans = folder / "scans"
    tour = Tour(environment, scans)
    settings = load_settings(home=tour.home, broker_url=broker, train_steps=2, test_share=0.4)
    write_secret(settings, "test_key", KEY)

    def tell(name: str, *words: str | Path) -> None:
        tour.said[name] = tour.json(*words)

    size = ("--studies", str(STUDIES), "--seed", str(SEED), "--preset", "demo")
    tell("phantom", "phantom", scans, *size)
    tell("ingest", "ingest", scans / "studies.csv")
    tell("worklist export", "worklist", "export", folder / "to-read", "--reader", READERS[0])
    tell("readings import", "readings", "import", scans / "readers/reader-1/labelme", "--reader", READERS[0])
    tell("other readings", "readings", "import", scans / "readers/reader-2/label-studio.json", "--reader", READERS[1])
    tell("agreement", "agreement", "--exposure")
    _adjudicate(settings, scans / "truth")
    tell("dataset freeze", "dataset", "freeze")
    with _working(settings):
        tell("first retrain", "retrain", "--wait")
        tell("models promote", "models", "promote", tour.said["first retrain"]["model"])
        tell("retrain", "retrain", "--wait", "--steps", "1")
    tell("evaluate", "evaluate", "--report", folder / "report")
    tell("predict", "predict", *_open_scans(tour, settings))
    return tour


def _adjudicate(settings: Settings, truth: Path) -> None:
    """The physician, who knows the truth of a phantom."""
    for image_id in agree.open_cases(settings):
        with open_session(settings) as session:
            image = session.get_one(Image, image_id)
            name = f"{image.study.identifier}_{image.projection}"
        metastasis, bladder = (
            np.asarray(Picture.open(truth / f"{name}.{label}.png")) > 0 for label in ("metastasis", "bladder")
        )
        decisions = decide(LabelMasks(metastasis, bladder), open_case(settings, image_id).disputes)
        record_decisions(settings, image_id, decisions, "physician")


def _open_scans(tour: Tour, settings: Settings) -> list[str | Path]:
    """The list, and of its images those of one patient whom a model may look at."""
    member = next(one for one in tour.said["dataset freeze"]["members"] if one["split"] == "train")
    images = sorted((tour.scans / "images").glob(f"{member['study']}_*_low.png"))
    return ["--studies", tour.scans / "studies.csv", *images]


@contextmanager
def _working(settings: Settings) -> Iterator[None]:
    """Takes on the runs that are queued, one after the other, as a worker's child does."""
    over = threading.Event()

    def work() -> None:
        while not over.wait(0.2):
            for run in runs.newest_first(settings):
                if run.state == "queued" and (attempt := runs.claim(settings, run.id)):
                    run_training(settings, run.id, attempt, over.is_set)

    worker = threading.Thread(target=work)
    worker.start()
    yield
    over.set()
    worker.join()


@pytest.fixture
def holds() -> Callable[[object, object], None]:
    """`holds(document, shape)` fails where the document lacks what the shape names. A shape is a dict of shapes, a
    list with the shape of every element, a set of keys, a tuple of the values that may be, or `...` for anything."""

    def check(document: Any, shape: Any, at: str = "document") -> None:
        if isinstance(shape, dict):
            for key, inner in shape.items():
                assert key in document, f"{at} has no {key}"
                check(document[key], inner, f"{at}.{key}")
        elif isinstance(shape, list):
            assert isinstance(document, list), f"{at} is no list"
            assert document, f"{at} is empty"
            for number, element in enumerate(document):
                check(element, shape[0], f"{at}[{number}]")
        elif isinstance(shape, set):
            assert shape <= document.keys(), f"{at} lacks {shape - document.keys()}"
        elif isinstance(shape, tuple):
            assert document in shape, f"{at} is {document!r}"

    return check

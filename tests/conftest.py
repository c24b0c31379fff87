"""What many tests share: a home of their own, and the real fixture files where they exist."""

import os
import uuid
import zlib
from collections.abc import Callable, Generator, Sequence
from pathlib import Path
from typing import TypeVar

import numpy as np
import pytest

from backend.labelstudio.layout import file_name
from backend.records import PROJECTIONS, WINDOWS, Exposure, LabelMasks
from backend.settings import Settings, load_settings
from backend.store.blobs import blobs_of
from backend.store.images import encode_png, name_digest
from backend.store.masks import put_mask
from backend.store.regions_document import encode
from backend.store.session import engine_for, open_session
from backend.store.tables import Base, Image, ImageName, Patient, Reader, Reading, Reference, Study, now
from converters.grid import GRID_SHAPE
from converters.rasterise import draw
from converters.regions import Label, Polygon, Region

SHARED_FIXTURES = Path(__file__).parents[2] / "shared" / "fixtures"

SKIP_NOTHING = "SCINTILOOP_TESTS_SKIP_NOTHING"
MAY_BE_MISSING = "GPU"
"""What the machine that checks everything need not have; a reason to skip names it."""

Report = TypeVar("Report", pytest.TestReport, pytest.CollectReport)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport() -> Generator[None, pytest.TestReport, pytest.TestReport]:
    return _skipped_is_failed((yield))


@pytest.hookimpl(wrapper=True)
def pytest_make_collect_report() -> Generator[None, pytest.CollectReport, pytest.CollectReport]:
    return _skipped_is_failed((yield))


def _skipped_is_failed(report: Report) -> Report:
    """Where everything must be checked, a skipped test is one that failed; an expected failure stays what it is."""
    if os.environ.get(SKIP_NOTHING) and report.skipped and not hasattr(report, "wasxfail"):
        reason = report.longrepr[2] if isinstance(report.longrepr, tuple) else str(report.longrepr)
        if MAY_BE_MISSING not in reason:
            report.outcome = "failed"
            report.longrepr = f"{reason} ({SKIP_NOTHING} is set: nothing may be skipped)"
    return report


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    """Settings of an empty home with an empty database."""
    chosen = load_settings(home=tmp_path / "home")
    Base.metadata.create_all(engine_for(chosen.database))
    return chosen


@pytest.fixture(scope="session")
def shared_fixtures() -> Path:
    """Real files that may not be copied into the project."""
    if not SHARED_FIXTURES.is_dir():
        pytest.skip("the shared fixture files are not beside this checkout")
    return SHARED_FIXTURES


@pytest.fixture
def add_reader(settings: Settings) -> Callable[..., int]:
    """`add_reader(name, number, user=None, project=None)` keeps a reader; returns its id."""

    def add(name: str, number: int, user: int | None = None, project: int | None = None) -> int:
        with open_session(settings) as session:
            reader = Reader(name=name, number=number, label_studio_user=user, label_studio_project=project)
            session.add(reader)
            session.flush()
            return reader.id

    return add


@pytest.fixture
def add_study(settings: Settings) -> Callable[..., dict[str, int]]:
    """`add_study(token, patient=…, sequestered=…, shape=…, projections=…)` keeps a study whose sub-images are blocks of
    grey that differ from image to image; returns its image ids by projection. Its images are called by their
    worklist names (grid pixels) and `<token>/<projection>.png` (source pixels)."""

    def add(
        token: str,
        patient: str | None = None,
        sequestered: bool = False,
        shape: tuple[int, int] = (1024, 256),
        projections: tuple[str, ...] = PROJECTIONS,
    ) -> dict[str, int]:
        pseudonym = patient or f"patient of {token}"
        with open_session(settings) as session:
            owner = session.query(Patient).filter_by(pseudonym=pseudonym).first()
            owner = owner or Patient(pseudonym=pseudonym, sequestered=sequestered)
            study = Study(patient=owner, identifier=token, token=token)
            session.add(study)
            ids = {}
            for projection in projections:
                blocks = np.random.default_rng(zlib.crc32(f"{token}{projection}".encode())).integers(0, 255, (32, 8))
                pixels = np.kron(blocks, np.ones((32, 32))).astype(np.uint8)
                hashes = {
                    f"{window}_sha256": blobs_of(settings).put(encode_png(pixels // step))
                    for step, window in enumerate(WINDOWS, start=1)
                }
                rows, columns = shape
                image = Image(
                    study=study, projection=projection, source_sha256="0" * 64, rows=rows, columns=columns, **hashes
                )
                session.add(image)
                session.flush()
                ids[projection] = image.id
                names = [(file_name(token, projection, window), "grid") for window in WINDOWS]  # type: ignore[arg-type]
                for name, space in [*names, (f"{token}/{projection}.png", "source")]:
                    session.add(ImageName(digest=name_digest(settings, name), image_id=image.id, space=space))
            return ids

    return add


@pytest.fixture
def add_reading(settings: Settings) -> Callable[..., int]:
    """`add_reading(reader, image, *regions, exclusion=…, exposure=…)` seals a reading in grid pixels, which supersedes
    the reader's earlier one of the image; returns its id."""

    def add(
        reader: int, image: int, *regions: Region, exclusion: str | None = None, exposure: Exposure = "blind"
    ) -> int:
        sha256 = blobs_of(settings).put(encode(regions))
        row = Reading(
            reader_id=reader,
            image_id=image,
            origin=f"test:{uuid.uuid4()}",
            arrived_sha256=sha256,
            regions_sha256=sha256,
            certificate={},
            exposure=exposure,
            exclusion=exclusion,
            submitted=now(),
        )
        with open_session(settings) as session:
            earlier = session.query(Reading).filter_by(reader_id=reader, image_id=image, superseded_by=None).all()
            session.add(row)
            session.flush()
            for reading in earlier:
                reading.superseded_by = row.id
            return row.id

    return add


@pytest.fixture
def add_reference(settings: Settings, drawn: Callable[..., LabelMasks]) -> Callable[..., int]:
    """`add_reference(image, (first, second), *regions, ignored=regions)` seals what these say; returns its id."""

    def add(image: int, readings: Sequence[int], *regions: Region, ignored: Sequence[Region] = ()) -> int:
        masks, blobs = drawn(*regions), blobs_of(settings)
        hashes = {
            "metastasis_sha256": put_mask(blobs, masks.metastasis),
            "bladder_sha256": put_mask(blobs, masks.bladder),
            "ignored_sha256": put_mask(blobs, drawn(*ignored).metastasis),
        }
        first, second = readings
        with open_session(settings) as session:
            reference = Reference(
                image_id=image, status="agreed", rule="test", reading_a=first, reading_b=second, **hashes
            )
            session.add(reference)
            session.flush()
            return reference.id

    return add


@pytest.fixture(scope="session")
def box() -> Callable[..., Region]:
    """`(row, column, rows, columns, label)` → a rectangular region in grid pixels."""

    def make(row: float, column: float, rows: float, columns: float, label: Label = "metastasis") -> Region:
        right, bottom = column + columns, row + rows
        return Region(label, Polygon(((column, row), (right, row), (right, bottom), (column, bottom))))

    return make


@pytest.fixture(scope="session")
def drawn() -> Callable[..., LabelMasks]:
    """Regions → disjoint masks on the grid."""

    def make(*regions: Region) -> LabelMasks:
        masks = draw(regions, GRID_SHAPE).disjoint()
        return LabelMasks(masks["metastasis"], masks["bladder"])

    return make

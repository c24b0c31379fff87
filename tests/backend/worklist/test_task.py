"""A study as a Label Studio task."""

import io
from collections.abc import Callable
from pathlib import Path

import numpy as np
from PIL import Image as Picture

from backend.labelstudio.layout import NO_IMAGE
from backend.settings import Settings
from backend.store.blobs import blobs_of
from backend.store.session import open_session
from backend.store.tables import Study
from backend.worklist.task import StudyTask, blank_png, study_task, write_files


def task_of(settings: Settings, token: str) -> StudyTask:
    with open_session(settings) as session:
        return study_task(session.query(Study).filter_by(token=token).one(), token, "readers/7")


def test_a_task_shows_both_projections_in_both_windows(settings: Settings, add_study: Callable[..., object]) -> None:
    add_study("t1")
    assert task_of(settings, "t1").data == {
        "study": "t1",
        "anterior": "/data/local-files/?d=readers/7/t1_anterior_low.png",
        "anterior_high": "/data/local-files/?d=readers/7/t1_anterior_high.png",
        "posterior": "/data/local-files/?d=readers/7/t1_posterior_low.png",
        "posterior_high": "/data/local-files/?d=readers/7/t1_posterior_high.png",
    }


def test_its_files_are_written_once(settings: Settings, add_study: Callable[..., object], tmp_path: Path) -> None:
    add_study("t1")
    files = task_of(settings, "t1").files
    write_files(blobs_of(settings), files.items(), tmp_path)
    assert sorted(path.name for path in tmp_path.glob("*.png")) == sorted(files)
    marked = tmp_path / "t1_anterior_low.png"
    marked.write_bytes(b"as it was")
    write_files(blobs_of(settings), files.items(), tmp_path)
    assert marked.read_bytes() == b"as it was"


def test_a_projection_that_was_never_scanned_is_blank(settings: Settings, add_study: Callable[..., object]) -> None:
    add_study("half", projections=("anterior",))
    task = task_of(settings, "half")
    assert task.data["posterior"] == task.data["posterior_high"] == f"/data/local-files/?d=readers/7/{NO_IMAGE}"
    assert task.files[NO_IMAGE] is None
    with Picture.open(io.BytesIO(blank_png())) as picture:
        assert np.asarray(picture).shape == (1024, 256)


def test_a_single_rendering_serves_both_windows(settings: Settings, add_study: Callable[..., object]) -> None:
    add_study("t1")
    with open_session(settings) as session:
        for image in session.query(Study).one().images:
            image.high_sha256 = None
    files = task_of(settings, "t1").files
    assert files["t1_anterior_high.png"] == files["t1_anterior_low.png"] is not None

import os
from pathlib import Path

import numpy as np
import pytest

from backend.errors import InputError
from backend.jobs.steps.varied_studies import make_one, make_studies, read_study
from backend.phantom.varied import varied
from backend.records import PROJECTIONS
from backend.scans.normalise import to_grid


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("made") / "studies"
    make_studies(2, 4, folder, processes=2)
    return folder


def test_a_stored_study_is_the_phantom_on_the_grid(made: Path) -> None:
    study, stored = varied(4, 1), read_study(made / "study-00001.npz")
    for projection in PROJECTIONS:
        grid = to_grid(study.scans[projection]).sub_images
        assert stored.sub_images[projection].keys() == grid.keys()
        for window, image in grid.items():
            assert np.array_equal(stored.sub_images[projection][window], image)
        assert np.array_equal(stored.masks[projection].metastasis, study.truth[projection].metastasis)
        assert np.array_equal(stored.masks[projection].bladder, study.truth[projection].bladder)


def test_a_broken_making_goes_on_and_leaves_what_is_there(made: Path) -> None:
    first, second = sorted(made.glob("study-*.npz"))
    before, whole = first.stat().st_mtime_ns, second.read_bytes()
    second.unlink()
    told: list[tuple[int, int]] = []
    assert make_studies(2, 4, made, 1, lambda done, total: told.append((done, total))) == [first, second]
    assert told == [(1, 2), (2, 2)]
    assert first.stat().st_mtime_ns == before
    with np.load(second) as again:
        assert len(again["images"]) == 2
    assert len(second.read_bytes()) == len(whole)


def test_the_number_of_processes_changes_nothing(made: Path, tmp_path: Path) -> None:
    make_one(4, 0, tmp_path / "alone.npz")
    with np.load(tmp_path / "alone.npz") as alone, np.load(made / "study-00000.npz") as together:
        assert all(np.array_equal(alone[name], together[name]) for name in alone.files)


def test_the_environment_is_as_before(made: Path, tmp_path: Path) -> None:
    before = dict(os.environ)
    make_studies(2, 4, made, 2)
    assert dict(os.environ) == before


@pytest.mark.parametrize(
    ("count", "seed", "fragment"),
    [(0, 4, "studies: 0 studies cannot be made; ask for at least 1"), (1, -1, "seed: -1 is no seed")],
    ids=["no studies", "negative seed"],
)
def test_impossible_numbers_are_refused_before_anything_is_made(
    count: int, seed: int, fragment: str, tmp_path: Path
) -> None:
    with pytest.raises(InputError, match=fragment):
        make_studies(count, seed, tmp_path / "new")
    assert not (tmp_path / "new").exists()


def test_a_folder_of_another_seed_is_refused(made: Path) -> None:
    with pytest.raises(InputError, match="another seed or version than seed 5 now makes; name another folder"):
        make_studies(2, 5, made)


def test_a_folder_of_other_files_is_refused(tmp_path: Path) -> None:
    (tmp_path / "mine.txt").write_text("mine")
    with pytest.raises(InputError, match="holds files but no studies"):
        make_studies(1, 0, tmp_path)


@pytest.mark.parametrize("content", [b"", b"no study", b"PK\x03\x04 torn"], ids=["empty", "text", "torn"])
def test_a_file_that_is_no_study_is_named(content: bytes, tmp_path: Path) -> None:
    file = tmp_path / "study-00000.npz"
    file.write_bytes(content)
    with pytest.raises(InputError, match=r"study-00000\.npz: is no whole study .* remove it"):
        read_study(file)

from pathlib import Path

import pytest

from backend.errors import InputError
from backend.jobs.steps.pretrain import pretrain
from backend.training.recipe import Recipe

SMALL = Recipe("resnet18", steps=1, classifier_steps=1, batch=2)


def test_too_few_studies_are_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="holds 0 studies; make at least 2"):
        pretrain(tmp_path, SMALL, tmp_path / "model.safetensors")


@pytest.mark.parametrize(
    ("out", "fragment"),
    [("studies", "is a folder; name the file to write"), ("nowhere/model.safetensors", "its folder does not exist")],
    ids=["a folder", "no such folder"],
)
def test_a_place_that_cannot_be_written_is_refused_before_any_step(out: str, fragment: str, tmp_path: Path) -> None:
    studies = tmp_path / "studies"
    studies.mkdir()
    for number in range(2):
        (studies / f"study-{number:05d}.npz").write_bytes(b"never read")
    with pytest.raises(InputError, match=fragment):
        pretrain(studies, SMALL, tmp_path / out)

"""A run may go on from a file, a package's model or a version: fixed when asked for, told in the lineage."""

import importlib
import sys
from pathlib import Path

import pytest

from backend.errors import InputError
from backend.jobs import runs
from backend.jobs.steps.lineage import model_lineage
from backend.jobs.steps.retrain import run_training
from backend.jobs.steps.start import start_training
from backend.jobs.steps.starts import offered, start_encoders
from backend.model.networks import PACKAGE_ENCODER, Architecture, build
from backend.model.packaged import packaged_names, packaged_weights
from backend.model.weights import TrainedModel, pack
from backend.promotion.registry import store_model
from backend.settings import Settings
from backend.store.blobs import blobs_of
from backend.store.session import open_session
from backend.store.tables import ModelVersion

OF_OTHERS = {"thresholds": {}, "lineage": {"start": "scratch"}, "closed_data": False}


@pytest.fixture
def tiny(trainable: Settings, broker_settings: Settings) -> Settings:
    return broker_settings.model_copy(update={"train_steps": 1, "checkpoint_steps": 1})


@pytest.fixture(scope="module")
def other() -> TrainedModel:
    return pack(build(Architecture.named(PACKAGE_ENCODER), seed=5), OF_OTHERS)


@pytest.fixture
def package(tmp_path: Path, other: TrainedModel, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An installed distribution that offers a model as a path, as content, by a function, and three that are none."""
    site = tmp_path / "site"
    info = site / "bone_models-1.0.dist-info"
    info.mkdir(parents=True)
    (site / "weights.safetensors").write_bytes(other.weights)
    (site / "bone_models.py").write_text(
        "from pathlib import Path\n"
        "PATH = Path(__file__).with_name('weights.safetensors')\n"
        "TEXT = str(PATH)\n"
        "GONE = PATH.with_name('gone')\n"
        "def content():\n    return PATH.read_bytes()\n"
        "def nothing():\n    return b'no model'\n"
    )
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: bone-models\nVersion: 1.0\n")
    names = ("PATH", "TEXT", "content", "nothing", "GONE", "missing")
    lines = [f"{name.lower()} = bone_models:{name}" for name in names]
    (info / "entry_points.txt").write_text("\n".join(["[scintiloop.weights]", *lines, ""]))
    monkeypatch.delitem(sys.modules, "bone_models", raising=False)
    monkeypatch.syspath_prepend(site)
    importlib.invalidate_caches()
    return site


def trained(settings: Settings, start: str) -> ModelVersion:
    run_id = start_training(settings, "engineer", start=start)
    run_training(settings, run_id, runs.claim(settings, run_id) or 0, lambda: False)
    with open_session(settings) as session:
        return session.get_one(ModelVersion, runs.find(settings, run_id).model_id)


@pytest.mark.services
def test_a_file_is_copied_when_asked_for_and_its_path_is_not_kept(
    tiny: Settings, other: TrainedModel, tmp_path: Path
) -> None:
    path = tmp_path / "of a colleague.safetensors"
    path.write_bytes(other.weights)
    run_id = start_training(tiny, "engineer", start=str(path))
    path.unlink()
    assert "colleague" not in str(runs.find(tiny, run_id).options)
    run_training(tiny, run_id, runs.claim(tiny, run_id) or 0, lambda: False)
    with open_session(tiny) as session:
        model = session.get_one(ModelVersion, runs.find(tiny, run_id).model_id)
    told = model.card["lineage"]
    assert (told["start"], told["version"], told["of"]) == ("file", None, {"start": "scratch"})
    assert blobs_of(tiny).get(told["weights"]) == other.weights
    chain = model_lineage(tiny, model.id)["chain"]
    assert [link["start"] for link in chain] == ["file", "scratch"]


@pytest.mark.services
def test_a_package_and_a_version_are_told_apart(tiny: Settings, other: TrainedModel, package: Path) -> None:
    assert trained(tiny, "package:path").card["lineage"]["start"] == "package:path"
    with open_session(tiny) as session:
        known = store_model(session, blobs_of(tiny), other, None, None, "0.1.0").id
    told = trained(tiny, known).card["lineage"]
    assert (told["start"], told["version"]) == ("model", known)
    assert {"package:path", known, "scratch"} <= offered(tiny)


@pytest.mark.parametrize("name", ["path", "text", "content"])
def test_a_package_offers_a_path_content_or_a_function(package: Path, other: TrainedModel, name: str) -> None:
    assert set(packaged_names()) >= {name}
    assert packaged_weights(name) == other.weights


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("nothing", "bone_models:nothing: is not a Scintiloop model file"),
        ("gone", r"bone_models:GONE: the package's model cannot be read \(FileNotFoundError\)"),
        ("missing", r"bone_models:missing: the package's model cannot be read \(AttributeError\)"),
        ("nobody", "no installed package offers a model 'nobody'; there are: content"),
    ],
)
def test_what_a_package_offers_wrongly_is_named(package: Path, name: str, words: str) -> None:
    with pytest.raises(InputError, match=words):
        packaged_weights(name)


def test_a_start_says_its_encoder_before_any_network_is_built(settings: Settings, package: Path) -> None:
    assert start_encoders(settings, "package:path") == (PACKAGE_ENCODER,)
    assert start_encoders(settings, "scratch") == start_encoders(settings, None) == ()

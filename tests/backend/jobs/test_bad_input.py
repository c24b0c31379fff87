"""What cannot be trained on or from is refused by name before any step runs, where that can be seen by who asks."""

import json
import re
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from sqlalchemy import select

from backend.datasets.freeze import freeze
from backend.datasets.manifest import name_of
from backend.errors import ScintiloopError
from backend.jobs import runs
from backend.jobs.steps import retrain, start
from backend.model.networks import PACKAGE_ENCODER, Architecture, build
from backend.model.weights import TrainedModel, pack
from backend.promotion.registry import store_model
from backend.settings import Settings
from backend.store.blobs import blobs_of
from backend.store.images import encode_png
from backend.store.session import open_session
from backend.store.tables import DatasetVersion, ModelVersion, Patient, Reference

pytestmark = pytest.mark.services

CARD = {"thresholds": {}, "lineage": {"start": "scratch"}}


@dataclass
class Trial:
    """A home that could train, the options of a run there, and a folder for files."""

    settings: Settings
    folder: Path
    options: dict[str, Any]

    def frozen(self) -> dict[str, Any]:
        """A copy of the manifest of a dataset version frozen now, which the run is to use."""
        dataset = freeze(self.settings)
        self.options["dataset"] = dataset.id
        copied: dict[str, Any] = json.loads(json.dumps(dataset.manifest))
        return copied

    def keep(self, manifest: dict[str, Any], under: str | None = None) -> None:
        """Writes a manifest into the database, under its own name or over that of another."""
        with open_session(self.settings) as session:
            known = session.get(DatasetVersion, under) if under else None
            if known:
                known.manifest = manifest
            else:
                session.add(DatasetVersion(id=name_of(manifest), manifest=manifest))
                self.options["dataset"] = name_of(manifest)

    def run(self) -> None:
        """As the command and the worker do it; no step is ever reached."""
        run_id = start.start_training(self.settings, "engineer", **self.options)
        retrain.run_training(self.settings, run_id, runs.claim(self.settings, run_id) or 0, lambda: False)


@pytest.fixture
def trial(trainable: Settings, broker_settings: Settings, tmp_path: Path) -> Trial:
    folder = tmp_path / "files"
    folder.mkdir()
    chosen = broker_settings.model_copy(update={"train_steps": 3, "checkpoint_steps": 1})
    return Trial(chosen, folder, {"start": "scratch"})


def model(encoder: str = PACKAGE_ENCODER, **card: object) -> TrainedModel:
    return pack(build(Architecture.named(encoder)), CARD | card)


def first(trial: Trial, side: str) -> dict[str, Any]:
    return next(one for one in trial.frozen()["members"] if one["split"] == side)


# What is done to a home, by the name of the offence. ------------------------------------------------------------------


def no_lesion(trial: Trial) -> None:
    empty = blobs_of(trial.settings).put(encode_png(np.zeros((1024, 256), np.uint8)))
    with open_session(trial.settings) as session:
        for reference in session.scalars(select(Reference)):
            reference.metastasis_sha256 = empty


def no_reference(trial: Trial) -> None:
    with open_session(trial.settings) as session:
        for reference in session.scalars(select(Reference)):
            session.delete(reference)


def one_patient(trial: Trial) -> None:
    with open_session(trial.settings) as session:
        for patient in session.scalars(select(Patient).order_by(Patient.id).limit(3)):
            for study in patient.studies:
                for reference in session.scalars(select(Reference).where(Reference.image_id == study.images[0].id)):
                    session.delete(reference)


def _blob(trial: Trial, side: str, kind: str, name: str) -> Path:
    return blobs_of(trial.settings).path(first(trial, side)[kind][name])


def mask_missing(trial: Trial) -> None:
    _blob(trial, "train", "masks", "bladder").unlink()


def image_missing_on_the_test_side(trial: Trial) -> None:
    _blob(trial, "test", "sub_images", "high").unlink()


def mask_altered(trial: Trial) -> None:
    path = _blob(trial, "train", "masks", "bladder")
    path.write_bytes(path.read_bytes() + b"\0")


def _put_into(trial: Trial, side: str, content: bytes) -> None:
    manifest = trial.frozen()
    member = next(one for one in manifest["members"] if one["split"] == side)
    member["masks"]["bladder"] = blobs_of(trial.settings).put(content)
    trial.keep(manifest)


def mask_of_another_size(trial: Trial) -> None:
    _put_into(trial, "validation", encode_png(np.zeros((512, 256), np.uint8)))


def mask_of_another_size_on_the_test_side(trial: Trial) -> None:
    _put_into(trial, "test", encode_png(np.zeros((1024, 128), np.uint8)))


def mask_that_is_no_picture(trial: Trial) -> None:
    _put_into(trial, "train", b"no picture")


def manifest_edited(trial: Trial) -> None:
    manifest = trial.frozen()
    manifest["members"].pop()
    trial.keep(manifest, under=trial.options["dataset"])


def manifest_of_nothing_known(trial: Trial) -> None:
    trial.keep({"format": 99, "members": []})


def patient_on_two_sides(trial: Trial) -> None:
    manifest = trial.frozen()
    member = next(one for one in manifest["members"] if one["split"] == "train")
    manifest["members"].append(member | {"split": "validation"})
    trial.keep(manifest)


def sequestered_on_the_training_side(trial: Trial) -> None:
    manifest = trial.frozen()
    for member in manifest["members"]:
        member["split"] = "train" if member["split"] == "test" else member["split"]
    trial.keep(manifest)


def closed_data(trial: Trial) -> None:
    dataset = freeze(trial.settings.model_copy(update={"closed_data": True}), split="study")
    trial.options["dataset"] = dataset.id


def _file(trial: Trial, content: bytes, name: str = "model.safetensors") -> None:
    path = trial.folder / name
    path.write_bytes(content)
    trial.options["start"] = str(path)


def pickle_as_weights(trial: Trial) -> None:
    path = trial.folder / "model.pt"
    torch.save(build(Architecture.named(PACKAGE_ENCODER)).segmentation.state_dict(), path)
    trial.options["start"] = str(path)


def half_a_weights_file(trial: Trial) -> None:
    _file(trial, model().weights[:-1000])


def weights_without_a_card(trial: Trial) -> None:
    _file(trial, b"\x02" + bytes(7) + b"{}")


def weights_of_another_architecture(trial: Trial) -> None:
    other = model("resnet18")
    _file(trial, pack(build(Architecture.named(PACKAGE_ENCODER)), other.card).weights)


def weights_of_another_encoder(trial: Trial) -> None:
    _file(trial, model("resnet18").weights)
    trial.options["encoder"] = PACKAGE_ENCODER


def weights_of_an_unknown_architecture(trial: Trial) -> None:
    _file(trial, model(architecture={"encoder": "mit_b0", "decoder_channels": [1], "reduction": 1}).weights)


def weights_that_are_no_numbers(trial: Trial) -> None:
    networks = build(Architecture.named(PACKAGE_ENCODER))
    with torch.no_grad():
        networks.classification.get_parameter("head.weight")[0] = float("nan")
    _file(trial, pack(networks, CARD).weights)


def _version(trial: Trial) -> str:
    with open_session(trial.settings) as session:
        known = store_model(session, blobs_of(trial.settings), model(), None, None, "0.1.0")
        trial.options["start"] = known.id
        return known.weights_sha256


def version_altered(trial: Trial) -> None:
    path = blobs_of(trial.settings).path(_version(trial))
    path.write_bytes(path.read_bytes()[:-4] + b"\0\0\0\1")


def version_with_an_edited_card(trial: Trial) -> None:
    _version(trial)
    with open_session(trial.settings) as session:
        row = session.get_one(ModelVersion, trial.options["start"])
        row.card = row.card | {"closed_data": True}


def version_lost(trial: Trial) -> None:
    blobs_of(trial.settings).path(_version(trial)).unlink()


def unknown_encoder_in_the_settings(trial: Trial) -> None:
    trial.settings = trial.settings.model_copy(update={"encoder": "mit_b0"})


def asked(**options: object) -> Callable[[Trial], None]:
    return lambda trial: trial.options.update(options)


@dataclass(frozen=True)
class Offence:
    do: Callable[[Trial], None]
    words: str
    at_the_door: bool = True
    """Refused where the run is asked for; else as the run's first act."""


PLACE = r"dataset version \w{12}, study s\d, anterior, "

OFFENCES = {
    "no lesion": Offence(no_lesion, "no reference of its training side holds a metastasis"),
    "no reference": Offence(no_reference, "no reference to freeze yet"),
    "one patient": Offence(one_patient, "patients besides the test side: 1, at least 2"),
    "a mask is missing": Offence(mask_missing, PLACE + r"bladder mask: blob \w{12}… is missing"),
    "an image of the test side is missing": Offence(
        image_missing_on_the_test_side, PLACE + r"high window: blob \w{12}… is missing"
    ),
    "a mask was altered": Offence(mask_altered, PLACE + "bladder mask: .* is not what was stored", at_the_door=False),
    "a mask of another size": Offence(
        mask_of_another_size, PLACE + "bladder mask: has 512 × 256 pixels instead of 1024 × 256", at_the_door=False
    ),
    "a mask of another size on the test side": Offence(
        mask_of_another_size_on_the_test_side, PLACE + "bladder mask: has 1024 × 128 pixels", at_the_door=False
    ),
    "a mask that is no picture": Offence(
        mask_that_is_no_picture, PLACE + "bladder mask: .* is no PNG", at_the_door=False
    ),
    "a hand-edited manifest": Offence(manifest_edited, r"manifest of dataset version \w{12} was changed"),
    "a manifest of nothing known": Offence(
        manifest_of_nothing_known, r"dataset version \w{12} is of an unknown format"
    ),
    "a patient on two sides": Offence(patient_on_two_sides, "a patient on two sides"),
    "a sequestered patient to learn from": Offence(sequestered_on_the_training_side, "of the frozen test set is on a"),
    "closed data in an open home": Offence(closed_data, r"is closed data, .* closed_data = true"),
    "a pickle as weights": Offence(pickle_as_weights, r"model\.pt: is a pickle, which could run a program"),
    "half a weights file": Offence(half_a_weights_file, "not a whole safetensors file", at_the_door=False),
    "weights without a card": Offence(weights_without_a_card, r"model\.safetensors: is not a Scintiloop model file"),
    "weights of another architecture": Offence(
        weights_of_another_architecture, "weights do not fit the card's architecture: .*encoder", at_the_door=False
    ),
    "weights of another encoder than asked for": Offence(weights_of_another_encoder, "but the start has resnet18"),
    "weights of an unknown architecture": Offence(
        weights_of_an_unknown_architecture, "unknown encoder 'mit_b0'; choose one of", at_the_door=False
    ),
    "weights that are no numbers": Offence(
        weights_that_are_no_numbers, r"classification\.head\.weight holds numbers that are none", at_the_door=False
    ),
    "a version whose weights were altered": Offence(
        version_altered, r"weights of model version \w{12} are not those that were stored"
    ),
    "a version whose card was edited": Offence(
        version_with_an_edited_card, r"card of model version \w{12} was changed \(closed_data\)"
    ),
    "a version whose weights are lost": Offence(version_lost, r"weights of model version \w{12} are missing"),
    "a start that is nothing": Offence(asked(start="nowhere"), "'nowhere', neither champion, scratch, day-one"),
    "a package that is not there": Offence(
        asked(start="package:nobody"), "no installed package offers a model 'nobody'"
    ),
    "an unknown encoder": Offence(asked(encoder="mit_b0"), "encoder: is 'mit_b0'; choose one of"),
    "an unknown encoder in the settings": Offence(
        unknown_encoder_in_the_settings, "SCINTILOOP_ENCODER: is 'mit_b0'; choose one of"
    ),
    "an unknown recipe": Offence(asked(recipe="secret"), "recipe: is 'secret'; choose one of default, study"),
    "no step": Offence(asked(steps=0), "steps: is 0"),
    "an unknown dataset version": Offence(asked(dataset="nowhere"), "dataset version nowhere does not exist"),
}


@pytest.mark.parametrize("name", OFFENCES)
def test_it_is_refused_by_name_before_any_step(name: str, trial: Trial, monkeypatch: pytest.MonkeyPatch) -> None:
    def reached(*_: object) -> None:
        raise AssertionError("a step was reached")

    monkeypatch.setattr("backend.training.stepper.Stepper.step", reached)
    offence = OFFENCES[name]
    offence.do(trial)
    with pytest.raises(ScintiloopError, match=offence.words) as refusal:
        trial.run()
    assert not re.search(r"patient of s\d", str(refusal.value)), "the fixtures' pseudonyms"
    assert str(trial.folder) not in str(refusal.value)
    asked_for = runs.newest_first(trial.settings)
    assert bool(asked_for) != offence.at_the_door
    assert all(str(trial.folder) not in json.dumps(run.options) for run in asked_for), "a path may name a patient"

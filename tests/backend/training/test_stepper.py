from collections.abc import Callable, Iterator
from dataclasses import replace

import pytest
import torch
from torch import nn

from backend.errors import TrainingDiverged
from backend.model.networks import Architecture, Networks, build
from backend.training.phases import phases
from backend.training.recipe import STUDY, Recipe
from backend.training.sampling import Batch, Sample, Sampler
from backend.training.stepper import Stepper

Samples = Callable[[int, int], list[Sample]]
SHORT = Recipe(encoder="resnet18", steps=4, classifier_steps=2, batch=4)


@pytest.fixture
def batch(blob_samples: Samples) -> Batch:
    return Sampler(blob_samples(2, 0), 4, seed=0).draw(0, 0, 0.5)


def networks() -> Networks:
    return build(Architecture.named(SHORT.encoder))


def weights_after(recipe: Recipe, batch: Batch, part: int | None = None) -> dict[str, torch.Tensor]:
    stepper = Stepper(phases(recipe)[0], own := networks(), recipe)
    stepper.part = part or stepper.part
    stepper.step(batch, 0)
    return own.segmentation.state_dict()


class Narrow(nn.Module):
    """A device with room for two crops."""

    def __init__(self, network: nn.Module) -> None:
        super().__init__()
        self.network = network

    def forward(self, pixels: torch.Tensor) -> torch.Tensor:
        if len(pixels) > 2:
            raise torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 2.00 GiB.")
        logits: torch.Tensor = self.network(pixels)
        return logits


def test_where_memory_runs_out_the_batch_goes_through_in_parts_and_counts_as_one_step(batch: Batch) -> None:
    stepper = Stepper(phases(SHORT)[0], own := networks(), SHORT)
    stepper._joined = Narrow(stepper._joined)
    loss = stepper.step(batch, 0)
    assert stepper.part == 2
    assert loss > 0
    in_parts = weights_after(SHORT, batch, part=2)
    assert all(torch.equal(value, in_parts[name]) for name, value in own.segmentation.state_dict().items())


def test_an_error_that_is_not_short_memory_is_not_swallowed(batch: Batch) -> None:
    stepper = Stepper(phases(SHORT)[0], networks(), SHORT)
    wrong = replace(batch, target=batch.target[:, :1])
    with pytest.raises((RuntimeError, ValueError), match="size"):
        stepper.step(wrong, 0)
    assert stepper.part == 4


@pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a GPU")
def test_on_a_gpu_with_little_memory_the_batch_goes_through_in_parts(blob_samples: Samples) -> None:
    recipe = replace(SHORT, batch=32)
    stepper = Stepper(phases(recipe)[0], networks(), recipe)
    few = Sampler(blob_samples(2, 0), 32, seed=0, device="cuda").draw(0, 0, 0.5)
    stepper.step(few.part(slice(0, 4)), 0)
    needed = torch.cuda.max_memory_reserved()
    torch.cuda.set_per_process_memory_fraction(1.2 * needed / torch.cuda.mem_get_info()[1])
    try:
        assert stepper.step(few, 1) > 0
        assert stepper.part < 32
    finally:
        torch.cuda.set_per_process_memory_fraction(1.0)


def test_a_loss_that_is_no_number_names_the_step_and_the_crops_and_changes_no_weight(batch: Batch) -> None:
    stepper = Stepper(phases(SHORT)[0], own := networks(), SHORT)
    before = {name: value.clone() for name, value in own.segmentation.named_parameters()}
    batch.pixels[1, 0, 5, 5] = float("nan")
    with pytest.raises(TrainingDiverged, match="U-Net is not a number at step 3") as stopped:
        stepper.step(batch, 2)
    index, top = batch.crops[1]
    assert f"projection {index} from row {top}" in str(stopped.value)
    assert all(torch.equal(value, before[name]) for name, value in own.segmentation.named_parameters())


def test_the_study_learns_at_a_constant_rate_and_our_own_recipe_in_one_cycle(batch: Batch) -> None:
    rates: dict[str, list[float]] = {}
    for recipe in (SHORT, replace(SHORT, **STUDY)):
        stepper = Stepper(phases(recipe)[0], networks(), recipe)
        rates[recipe.name] = [stepper.learning_rate for step in range(4) if stepper.step(batch, step)]
    assert rates["study"] == [0.01] * 4
    assert max(rates["default"]) == pytest.approx(SHORT.learning_rate, rel=0.3)
    assert rates["default"][-1] < SHORT.learning_rate / 100


@pytest.fixture
def averaging(batch: Batch) -> Iterator[tuple[Stepper, Networks]]:
    recipe = replace(SHORT, averaging=0.9)
    stepper = Stepper(phases(recipe)[0], own := networks(), recipe)
    for step in range(3):
        stepper.step(batch, step)
    return stepper, own


def test_a_look_sees_the_averaged_weights_and_training_goes_on_with_its_own(
    averaging: tuple[Stepper, Networks],
) -> None:
    stepper, own = averaging
    before = {name: value.clone() for name, value in own.segmentation.state_dict().items()}
    with stepper.averaged():
        seen = {name: value.clone() for name, value in own.segmentation.state_dict().items()}
    assert any(not torch.equal(value, before[name]) for name, value in seen.items())
    assert all(torch.equal(value, before[name]) for name, value in own.segmentation.state_dict().items())
    stepper.finish()
    assert all(torch.equal(value, seen[name]) for name, value in own.segmentation.state_dict().items())


def test_of_the_classifier_only_the_head_learns_unless_all_is_asked(batch: Batch) -> None:
    for learns, changed in (("head", {"head"}), ("all", {"head", "encoder", "decoder"})):
        recipe = replace(SHORT, classifier_learns=learns)  # type: ignore[arg-type]
        own = networks()
        before = {name: value.clone() for name, value in own.classification.named_parameters()}
        Stepper(phases(recipe)[1], own, recipe).step(batch, 0)
        after = own.classification.named_parameters()
        assert {name.split(".")[0] for name, value in after if not torch.equal(value, before[name])} == changed

"""A starting model from phantom studies alone."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any, Unpack

from backend.errors import InputError
from backend.jobs.steps.varied_studies import StoredStudy, make_studies, read_study
from backend.model.weights import TrainedModel, pack, read_model, unpack
from backend.phantom.domains import domain_digest
from backend.phantom.unseen import unseen
from backend.records import PROJECTIONS, LabelMasks, Projection
from backend.training.loop import Watch, train
from backend.training.recipe import Recipe
from backend.training.sampling import Sample
from backend.training.start import StartWeights

VALIDATION_SHARE, MOST_VALIDATION = 0.12, 80
"""Share of the studies, and how many at most, that choose the thresholds; each study is a body of its own."""

__all__ = ["make_studies", "pretrain"]


def pretrain(
    folder: Path,
    recipe: Recipe,
    out: Path,
    *,
    studies: int | None = None,
    start: StartWeights | None = None,
    **watch: Unpack[Watch],
) -> TrainedModel:
    """Trains on the studies that `make_studies` put into a folder and writes one safetensors file.

    The last studies are kept apart to choose thresholds and calibration. An interrupted training goes on from its
    checkpoint beside the studies.

    Args:
        studies: how many of the folder's studies, the first ones; all where None.
        start: a starting model to go on from with these studies.

    Raises:
        InputError: the folder holds fewer than 2 studies, or `out` cannot be written.
    """
    files = sorted(folder.glob("study-*.npz"))[:studies]
    if len(files) < 2:
        raise InputError(f"holds {len(files)} studies; make at least 2", source=str(folder))
    check_out(out)
    apart = min(max(round(VALIDATION_SHARE * len(files)), 1), MOST_VALIDATION)
    samples, validation = _samples(files[:-apart]), _samples(files[-apart:])
    work = folder / f"training-{recipe.digest()[:12]}"
    trained = train(samples, validation, recipe, folder=work, start=start, **watch)
    model = _named(trained, len(files), recipe.seed)
    partial = out.with_name(f".{out.name}.partial")
    partial.write_bytes(model.weights)
    partial.replace(out)
    return model


def starting_model(path: Path) -> StartWeights:
    """A model file to go on from. Raises: InputError: it is none."""
    given = read_model(path)
    return StartWeights(given.weights, given.card, source="file")


def _samples(files: Sequence[Path]) -> list[Sample]:
    studies = (read_study(file) for file in files)
    return [_sample(study, projection) for study in studies for projection in PROJECTIONS]


def _sample(study: StoredStudy, projection: Projection) -> Sample:
    sub_images, masks = study.sub_images[projection], study.masks[projection]
    lost = unseen(sub_images, masks.metastasis)
    return Sample(sub_images, LabelMasks(masks.metastasis & ~lost, masks.bladder, ignored=lost), study.patient)


def _named(trained: TrainedModel, studies: int, seed: int) -> TrainedModel:
    """The model with the card that says where it began, its kernels in half precision: a file to carry along."""
    lineage: dict[str, Any] = {
        "start": "pretrain", "studies": studies, "seed": seed, "domain": domain_digest(),
        "before": trained.card.get("lineage"),
    }  # fmt: skip
    networks = unpack(trained.weights, trained.card)
    for network in networks.named().values():
        for parameter in network.parameters():
            if parameter.ndim > 1:
                parameter.data = parameter.data.half()
    return pack(networks, trained.card | {"lineage": lineage})


def check_out(out: Path) -> None:
    """Raises: InputError, where no file can be written there; asked before hours of work."""
    if out.is_dir():
        raise InputError("is a folder; name the file to write", source=str(out))
    if not out.parent.is_dir():
        raise InputError("its folder does not exist; make it first", source=str(out))

"""The model that comes with Scintiloop: trained on simulated scans alone, one file for an encoder, perhaps none."""

import hashlib
from pathlib import Path
from typing import TYPE_CHECKING

from backend.errors import InputError

if TYPE_CHECKING:
    from backend.model.weights import TrainedModel

FOLDER = Path(__file__).parent / "day_one"
"""`<encoder>.safetensors`."""
ENDING = ".safetensors"


def day_one_names() -> tuple[str, ...]:
    """The encoders for which a model comes along."""
    return tuple(sorted(file.stem for file in _files()))


def day_one_digests() -> frozenset[str]:
    """SHA-256 of every file that comes along, damaged or not; loads no network, so that any command can ask."""
    return frozenset(hashlib.sha256(file.read_bytes()).hexdigest() for file in _files())


def day_one_model(encoder: str | None = None) -> "TrainedModel | None":
    """The model that comes along for an encoder, that of machines without a GPU where None; None where there is none.

    Raises:
        InputError: the file is damaged: no model can be made from it.
    """
    # torch takes seconds, and most commands ask for a digest
    from backend.model.inference import Predictor  # noqa: PLC0415
    from backend.model.networks import CPU_ENCODER  # noqa: PLC0415
    from backend.model.weights import read_model  # noqa: PLC0415

    file = FOLDER / f"{encoder or CPU_ENCODER}{ENDING}"
    if not file.is_file():
        return None
    try:
        found = read_model(file)
        Predictor.load(found.weights, found.card, "day one")
    except InputError as error:
        raise InputError(
            "is damaged, no model can be made from it; install Scintiloop again", source=file.name
        ) from error
    return found


def _files() -> list[Path]:
    return list(FOLDER.glob(f"*{ENDING}"))

"""Cases and predictions whose figures can be worked out by hand."""

import hashlib
import io
import json
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from PIL import Image

from backend.evaluation.report import build_report
from backend.evaluation.score import Case, score_prediction
from backend.records import LabelMasks, Prediction
from converters.grid import GRID_SHAPE
from converters.regions import Mask

IMAGE = np.full(GRID_SHAPE, 155, np.uint8)
NOTHING = np.zeros(GRID_SHAPE, bool)


def _rows(first: int, last: int) -> Mask:
    mask = NOTHING.copy()
    mask[first:last, :10] = True
    return mask


@pytest.fixture
def rows() -> Callable[[int, int], Mask]:
    """`(first, last)` → a mask of these rows, ten columns wide."""
    return _rows


@pytest.fixture
def make_case() -> Callable[..., Case]:
    def make(patient: str, lesion: Mask, **changes: Any) -> Case:
        given: dict[str, Any] = {
            "patient": patient,
            "study": f"S-{patient}",
            "projection": "anterior",
            "age": 60.0,
            "truth_call": bool(lesion.any()),
            "sub_images": {"low": IMAGE, "high": IMAGE},
            "reference": LabelMasks(lesion, _rows(600, 610)),
        }
        return Case(**(given | changes))

    return make


@pytest.fixture
def predicted() -> Callable[..., Prediction]:
    def make(lesion: Mask, probability: float = 0.9) -> Prediction:
        masks = LabelMasks(lesion, _rows(600, 610))
        blank = np.zeros(GRID_SHAPE, np.float32)
        return Prediction(
            "v1", masks, (), {"metastasis": blank, "bladder": blank}, {"metastasis": probability, "bladder": 1}
        )

    return make


@pytest.fixture
def scores(make_case: Callable[..., Case], predicted: Callable[..., Prediction]) -> list[dict[str, Any]]:
    """Four patients: found, half found, missed, healthy and rightly called so."""
    whole, half = _rows(100, 110), _rows(100, 105)
    return [
        score_prediction(make_case("a", whole, age=40.0), predicted(whole)),
        score_prediction(make_case("b", whole), predicted(half)),
        score_prediction(make_case("c", whole, age=75.0, truth_call=None), predicted(NOTHING, 0.1)),
        score_prediction(make_case("d", NOTHING, age=None), predicted(NOTHING, 0.2)),
    ]


@pytest.fixture
def kept() -> dict[str, bytes]:
    """Pictures by their SHA-256."""
    return {}


@pytest.fixture
def keep(kept: dict[str, bytes]) -> Callable[[bytes], str]:
    """Keeps a picture as the blob store does."""

    def put(content: bytes) -> str:
        name = hashlib.sha256(content).hexdigest()
        kept[name] = content
        return name

    return put


@pytest.fixture(scope="session")
def _read_scores() -> list[dict[str, Any]]:
    return [_read_score(*case) for case in READ_CASES]


@pytest.fixture
def read_scores(_read_scores: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Six projections of four patients, read by two readers, of whom `Ada` sees what is there and `伯` misses the small
    lesions; the model outlines the large ones, and once a region that is none. The last patient is healthy."""
    return json.loads(json.dumps(_read_scores))  # type: ignore[no-any-return]


LARGE, SMALL, FALSE = (100, 110), (300, 302), (400, 404)
"""Rows of lesions of 100 and of 20 pixels, and of a region of 40 that is none."""
READ_CASES = (
    ("a", "anterior", (LARGE, SMALL), (LARGE,), {"age": 40.0, "sex": "F", "primary": "lung"}),
    ("a", "posterior", (LARGE,), (LARGE,), {"age": 40.0, "sex": "F", "primary": "lung"}),
    ("b", "anterior", (LARGE, SMALL), (LARGE, FALSE), {"age": 60.0, "sex": "M", "primary": "breast"}),
    ("b", "posterior", (SMALL,), (SMALL,), {"age": 60.0, "sex": "M", "primary": "breast"}),
    ("c", "anterior", (LARGE,), (), {"age": 75.0, "sex": "M", "primary": None}),
    ("d", "anterior", (), (FALSE,), {"age": 75.0, "sex": "F", "primary": None}),
)
"""Patient, projection, lesions of the reference, regions of the model, and what is known of the patient."""


def _read_score(
    patient: str, projection: str, there: tuple[Any, ...], said: tuple[Any, ...], known: dict[str, Any]
) -> dict[str, Any]:
    bladder = _rows(600, 610)
    reference = LabelMasks(_union(there), bladder)
    readings = {"Ada": reference, "伯": LabelMasks(_union([one for one in there if one != SMALL]), _rows(600, 608))}
    case = Case(
        patient=patient,
        study=f"S-{patient}",
        projection=projection,  # type: ignore[arg-type]
        age=known["age"],
        truth_call=None,
        sub_images={"low": IMAGE, "high": IMAGE},
        reference=reference,
        readings=readings,
        exposures={"Ada": "blind", "伯": "assisted"},
        contributed=frozenset({"Ada"}),
        seconds={"Ada": 60.0, "伯": None},
        made_from=("blind", "assisted"),
        pixel_mm=2.0,
        names={"sex": known["sex"], "primary": known["primary"]},
    )
    return score_prediction(case, _said(said, bladder)) | {"seconds": 0.25, "device": "CPU"}


def _said(regions: tuple[Any, ...], bladder: Mask) -> Prediction:
    probability = np.zeros(GRID_SHAPE, np.float32)
    for region in regions:
        probability[_rows(*region)] = 0.6 if region == FALSE else 0.9
    by_crop = {
        label: tuple(float(mask[top : top + 256].max()) for top in range(0, 769, 128))
        for label, mask in (("metastasis", probability), ("bladder", bladder))
    }
    return Prediction(
        "v1",
        LabelMasks(_union(regions), bladder),
        (),
        {"metastasis": probability, "bladder": bladder.astype(np.float32)},
        {label: max(values) for label, values in by_crop.items()},  # type: ignore[misc]
        by_crop,  # type: ignore[arg-type]
    )


def _union(parts: Any) -> Mask:
    mask = NOTHING.copy()
    for part in parts:
        mask |= _rows(*part)
    return mask


@pytest.fixture
def full_report(read_scores: list[dict[str, Any]], keep: Callable[[bytes], str]) -> dict[str, Any]:
    """The report of `read_scores` beside a champion, with a picture of its worst case."""
    picture = io.BytesIO()
    Image.fromarray(np.full((64, 16, 3), 200, np.uint8)).save(picture, "PNG")
    read_scores[4]["picture"] = keep(picture.getvalue())
    gain = {"value": 0.01, "low": -0.03, "high": 0.05, "n": 5}
    gate = {
        "champion": "77e0d1c4a9f3",
        "serving": False,
        "verdict": "hold",
        "reason": "A loss of lesion Dice is not excluded.",
        "differences": {"metastasis": gain, "bladder": gain},
        "checks": [
            {
                "check": "lesion_gain",
                "label": "metastasis",
                "slice": {"name": "sex", "group": "F"},
                "figure": gain,
                "requires": "low > -0.020",
                "outcome": "hold",
                "passed": False,
                "reason": None,
            }
        ],
    }
    return build_report(read_scores, "v1", "d" * 64, looks=2) | {"gate": gate}

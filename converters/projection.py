"""Which side a DICOM frame looks at, from what its file says; never from the order of frames or the pixels.

The first of these that says so decides:
1. the view code of the frame's detector (Detector Information Sequence, by the Detector Vector), then the file's own
   View Code Sequence: DICOM context group 26, by code or by the word in its meaning;
2. the View Position;
3. the Image ID, then the Series Description, where they hold one of the words and not the other.

`AP` and `PA` do not count: in radiography they name the beam's way, not the side that the camera faces. Nor do start
angles, whose zero differs between makers.
"""

import re
from typing import Literal

from pydicom.dataset import Dataset

Projection = Literal["anterior", "posterior"]

CODES: dict[tuple[str, str], Projection] = {
    ("SCT", "399321004"): "anterior",
    ("SRT", "G-5215"): "anterior",
    ("SNM3", "G-5215"): "anterior",
    ("SCT", "399001007"): "posterior",
    ("SRT", "G-5216"): "posterior",
    ("SNM3", "G-5216"): "posterior",
}
WORDS: dict[str, Projection] = {
    "a": "anterior",
    "ant": "anterior",
    "anterior": "anterior",
    "p": "posterior",
    "post": "posterior",
    "posterior": "posterior",
}
FREE_TEXT = ("ImageID", "SeriesDescription")


def projection_of(dataset: Dataset, frame: int) -> Projection | None:
    """The projection of one frame (counted from 0), None where the file does not tell.

    Several frames are told apart by their detectors alone, since the file's own attributes cover all frames.
    """
    detector = _view_code(_detector(dataset, frame))
    if detector or int(dataset.get("NumberOfFrames") or 1) > 1:
        return detector
    return _view_code(dataset) or projection_named(dataset.get("ViewPosition"), short=True) or _free_text(dataset)


def projection_named(text: object, *, short: bool = False) -> Projection | None:
    """The projection that a text names, None where it names none, both, or an oblique view."""
    words = re.findall(r"[a-z]+", str(text or "").lower())
    if "oblique" in words:
        return None
    named = {WORDS[word] for word in words if word in WORDS and (short or len(word) > 1)}
    return named.pop() if len(named) == 1 else None


def _free_text(dataset: Dataset) -> Projection | None:
    return next((found for name in FREE_TEXT if (found := projection_named(dataset.get(name)))), None)


def _detector(dataset: Dataset, frame: int) -> Dataset | None:
    """The frame's item of the Detector Information Sequence."""
    items = dataset.get("DetectorInformationSequence") or []
    vector = dataset.get("DetectorVector")
    if vector is None:
        number = 1 if len(items) == 1 else None
    else:
        numbers = [vector] if isinstance(vector, int) else list(vector)
        number = numbers[frame] if frame < len(numbers) else None
    return items[number - 1] if number is not None and 0 < number <= len(items) else None


def _view_code(holder: Dataset | None) -> Projection | None:
    codes = (holder.get("ViewCodeSequence") or []) if holder is not None else []
    for code in codes:
        known = CODES.get((str(code.get("CodingSchemeDesignator")), str(code.get("CodeValue"))))
        if known or (known := projection_named(code.get("CodeMeaning"))):
            return known
    return None

"""How one study looks in Label Studio: names of images, controls and files. One task, four sub-images side by side."""

from backend.records import PROJECTIONS, WINDOWS, Projection, Window

STUDY_KEY = "study"
"""`task.data[STUDY_KEY]` is the study's token."""
NO_IMAGE = "no_image.png"
"""File shown in place of a projection that the study lacks; nothing drawn on it belongs to any image."""


def image_name(projection: Projection, window: Window) -> str:
    """Name of the image tag and of its key in `task.data`; outlines are drawn on the low window only."""
    return projection if window == "low" else f"{projection}_{window}"


def label_control(projection: Projection) -> str:
    return f"{projection}_label"


def exclusion_control(projection: Projection) -> str:
    """The choice by which a reader calls this projection unreadable."""
    return f"{projection}_exclusion"


def projection_of(to_name: str) -> Projection | None:
    """Which projection a region's `to_name` means, None for a name that is not ours."""
    for projection in PROJECTIONS:
        if to_name in (projection, f"{projection}_high"):
            return projection
    return None


def file_name(token: str, projection: Projection, window: Window) -> str:
    """Name of a sub-image's file on any worklist; carries the study's token and nothing of the patient."""
    return f"{token}_{projection}_{window}.png"


def token_in(file: str) -> str | None:
    """The token in the name (or path) of a worklist file, None where the name is of another form."""
    parts = file.replace("\\", "/").rpartition("/")[2].removesuffix(".png").rsplit("_", maxsplit=2)
    return parts[0] if len(parts) == 3 and parts[1] in PROJECTIONS and parts[2] in WINDOWS else None

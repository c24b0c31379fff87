"""What an interrupted conversion has done already, as the certificates in its destination tell."""

import hashlib
import json
from pathlib import Path

from converters.certificate import tool_version
from converters.drawn import DrawnImage
from converters.label_studio_config import Used, used_by
from converters.wish import Wish


def certificate_name(drawn: DrawnImage) -> str:
    return f"{drawn.name}.certificate.json"


def outputs_there(drawn: DrawnImage, folder: Path, wish: Wish) -> tuple[str, ...] | None:
    """Names of the image's outputs in `folder`, if the same was made of the same source and all of it is still there.

    None where anything differs. What becomes one COCO file with other images is made anew.
    """
    if wish.target == "coco":
        return None
    try:
        told = json.loads((folder / certificate_name(drawn)).read_bytes())
        outputs = {str(name): str(sha256) for name, sha256 in told["outputs"].items()}
        same = all(told.get(key) == value for key, value in _identity(drawn, wish).items())
        return tuple(outputs) if same and all(_is_there(folder / name, outputs[name]) for name in outputs) else None
    except (OSError, ValueError, TypeError, KeyError, AttributeError):
        return None


def controls_there(outputs: tuple[str, ...], folder: Path, wish: Wish) -> frozenset[Used] | None:
    """For Label Studio, what the tasks that are already there need of their project's configuration."""
    if wish.target != "label-studio":
        return None
    tasks = [task for name in outputs for task in json.loads((folder / name).read_bytes())]
    return frozenset().union(*map(used_by, tasks))


def _identity(drawn: DrawnImage, wish: Wish) -> dict[str, object]:
    return {
        "tool": f"scintiloop {tool_version()}",
        "source": drawn.origin.name,
        "source_sha256": drawn.origin.sha256,
        "read_with": [{"source": name, "sha256": sha256} for name, sha256 in drawn.origin.further],
        "rows": drawn.rows,
        "columns": drawn.columns,
        "asked": json.loads(json.dumps(wish.asked())),
    }


def _is_there(path: Path, sha256: str) -> bool:
    return hashlib.sha256(path.read_bytes()).hexdigest() == sha256

"""Models that installed packages carry: the entry points of the group `scintiloop.weights`.

A package offers a model under a name by pointing at a file's path, at its content, or at a function that returns
either. The file is a Scintiloop model file (safetensors, with its card inside), as `scintiloop pretrain` writes it.
"""

from importlib.metadata import EntryPoint, entry_points
from pathlib import Path

from backend.errors import InputError
from backend.model.card import card_inside
from backend.sentences import say

GROUP = "scintiloop.weights"


def packaged_names() -> tuple[str, ...]:
    """What the installed packages offer; nothing of them is loaded."""
    return tuple(sorted({one.name for one in entry_points(group=GROUP)}))


def packaged_weights(name: str) -> bytes:
    """The model file that a package offers under this name.

    Raises:
        InputError: no package offers it, or what it offers is no model file.
    """
    offered = entry_points(group=GROUP, name=name)
    if not offered:
        known = ", ".join(packaged_names()) or "–"
        problem = say("no installed package offers a model {name!r}; there are: {known}", name=name, known=known)
        raise InputError(problem, field="start")
    [first, *_] = offered
    content = _content(first)
    try:
        card_inside(content)
    except InputError as error:
        raise InputError(error.message, source=first.value) from None
    return content


def _content(offered: EntryPoint) -> bytes:
    try:
        found = offered.load()
        found = found() if callable(found) else found
        return found if isinstance(found, bytes) else Path(found).read_bytes()
    except (ImportError, AttributeError, TypeError, OSError) as error:
        problem = say("the package's model cannot be read ({kind}); install it again", kind=type(error).__name__)
        raise InputError(problem, source=offered.value) from None

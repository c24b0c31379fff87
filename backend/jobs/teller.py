"""How a training tells where it is: progress about once a second; pictures and lines of its log at each look."""

import time
from collections.abc import Sequence
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from backend.jobs import runs
from backend.jobs.run_log import note
from backend.jobs.run_samples import keep_samples
from backend.settings import Settings

if TYPE_CHECKING:
    from backend.training.loop import Progress, Sampled

TELL_SECONDS = 1.0
"""The curve gets a point this often."""
LOG_SECONDS = 60.0
"""The log gets a line this often, and at each look at the validation cases."""


class Teller:
    """The world's side of `training.loop.Watch` for one attempt."""

    def __init__(self, settings: Settings, run_id: str, attempt: int) -> None:
        self._settings, self._run, self._attempt = settings, run_id, attempt
        self._last: dict[str, Any] = {}
        self._told = -TELL_SECONDS
        self._logged = time.monotonic()
        self._samples: Sequence[Sampled] = ()

    def tell(self, progress: "Progress") -> None:
        self._note_phase(progress.phase, progress.step, progress.device)
        self._last = asdict(progress)
        if self._samples:
            self._keep_samples(progress.step)
        elif time.monotonic() - self._logged >= LOG_SECONDS:
            self._note_step()
        if time.monotonic() - self._told >= TELL_SECONDS or progress.step == progress.steps:
            self._told = time.monotonic()
            runs.advance(self._settings, self._run, self._attempt, self._last)

    def show(self, samples: "Sequence[Sampled]") -> None:
        """Takes what was outlined just now; it is kept with the step that is told next."""
        self._samples = tuple(samples)

    def tell_evaluation(self) -> None:
        self._note("trained; challenger and champion are measured on the sequestered cases")
        if self._last:
            runs.advance(self._settings, self._run, self._attempt, self._last | {"phase": "evaluation"})

    def _keep_samples(self, step: int) -> None:
        samples, self._samples = self._samples, ()
        try:
            keep_samples(self._settings, self._run, step, samples)
        except OSError as error:
            # pictures are for watching; a training of hours does not end for them
            self._note(f"the pictures of step {step} could not be kept: {error.strerror}")
        self._note_step()

    def _note_phase(self, phase: str, step: int, device: str) -> None:
        if phase != self._last.get("phase"):
            self._note(f"{phase}: goes on from step {step - 1} on {device}")

    def _note_step(self) -> None:
        self._logged = time.monotonic()
        told = self._last
        dice = ", ".join(
            f"{name} {told[key]:.3f}"
            for name, key in (("lesion Dice", "dice"), ("bladder Dice", "bladder_dice"))
            if told[key] is not None
        )
        self._note(
            f"step {told['step']} of {told['steps']}: loss {told['loss']:.4f}{', ' if dice else ''}{dice}, "
            f"about {told['seconds_left']:.0f} s left, {told['memory_mb']:.0f} MB"
        )

    def _note(self, sentence: str) -> None:
        note(self._settings, self._run, sentence)

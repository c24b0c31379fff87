"""One run as its page follows it: where it is in words, what it uses, its curve, its pictures, the end of its log."""

from pathlib import PurePath
from typing import Any

from flask import url_for

from backend.jobs import runs
from backend.jobs.devices import GPU
from backend.jobs.run_log import shown
from backend.jobs.run_samples import kept_samples
from backend.settings import Settings
from backend.store.tables import Run, now
from backend.web.shown import duration
from backend.web.words import gettext as _
from backend.web.words import ngettext, term

LOG_LINES = 60
LOG_BYTES = 64_000
QUIET_SECONDS = 15.0
"""A worker gives a sign of life every two seconds."""

Progress = dict[str, Any]


def live(settings: Settings, run: Run, after: int) -> dict[str, Any]:
    """All that changes while a run goes on, as JSON; of the curve the points after step `after`."""
    progress = run.progress or {}
    return {
        "state": run.state,
        "now": sentence(settings, run),
        "step": progress.get("step"),
        "steps": progress.get("steps"),
        "facts": facts(settings, run),
        "points": [point for point in run.points if point["step"] > after],
        "samples": samples(settings, run),
        "log": shown(settings, run.id, LOG_BYTES)[-LOG_LINES:],
    }


def sentence(settings: Settings, run: Run) -> str:
    """Where the run is."""
    if run.state == "queued":
        return _waiting(settings, run)
    progress = run.progress or {}
    if run.state == "running":
        return _running(run, progress)
    if "step" in progress:
        return _("Ended at step %(step)s of %(steps)s, after %(time)s.", **_steps(progress), time=_took(run))
    return ""


def facts(settings: Settings, run: Run) -> list[tuple[str, str]]:
    """What the training computes on and takes, each with its name; what is not known is left out."""
    progress, machine = run.progress or {}, run.machine or {}
    if run.state != "running":
        machine = {}
    found = [
        (_("Phase"), term(progress["phase"]) if "phase" in progress else None),
        (_("Computes on"), _device(progress.get("device"))),
        (_("Crops a step"), _crops(progress)),
        (_("Learning rate"), _number(progress.get("learning_rate"), "{:.2g}")),
        (_("Time spent waiting for data"), _number(progress.get("data_share"), "{:.1%}")),
        (_("Memory at its peak"), _megabytes(progress.get("memory_mb"))),
        (_("Memory now"), _megabytes(machine.get("memory_mb"))),
        (_("Processors in use"), _processors(machine)),
        *((_("GPU %(number)s", number=int(one["number"] or 0)), _gpu(one)) for one in machine.get("gpus", ())),
        (_("Attempt"), _("%(n)s of %(all)s", n=run.attempts, all=settings.train_attempts) if run.attempts else None),
    ]
    return [(name, value) for name, value in found if value]


def samples(settings: Settings, run: Run) -> dict[str, Any] | None:
    """The pictures with their addresses and captions; None before the first."""
    kept = kept_samples(settings, run.id)
    if kept is None:
        return None
    return {
        "title": _("Validation cases after step %(step)s", step=kept["step"]),
        "pictures": [
            {
                "url": url_for("runs.sample", run_id=run.id, name=one["name"]),
                "words": ", ".join(f"{term(label)} {_dice(value)}" for label, value in one["dice"].items()),
            }
            for one in kept["pictures"]
        ],
    }


def options(run: Run) -> list[tuple[str, str]]:
    """What the run was started with; of a model file its name alone, since folders may be named after people."""
    chosen: dict[str, Any] = {"recipe": "default"} | run.options
    shown = {name: value for name, value in chosen.items() if name != "start_weights"}
    return [(term(name), term(PurePath(str(value)).name)) for name, value in shown.items()]


def _waiting(settings: Settings, run: Run) -> str:
    if devices := (run.machine or {}).get("waits_for"):
        device = _("the GPU") if devices[0].startswith(GPU) else _("the processor")
        return _("Waits until %(device)s is free: another run trains there.", device=device)
    if before := runs.before(settings, run):
        return ngettext("%(num)s run is before it in the queue.", "%(num)s runs are before it in the queue.", before)
    return _("Waits for the training worker.")


def _running(run: Run, progress: Progress) -> str:
    quiet = (now() - run.heartbeat).total_seconds() if run.heartbeat else 0.0
    if quiet > QUIET_SECONDS:
        time = duration(quiet)
        return _("No sign of life for %(time)s; if its worker died, another goes on from the checkpoint.", time=time)
    if "step" not in progress:
        return _("Loads the data.")
    if progress.get("phase") == "evaluation":
        return _("Trained; challenger and champion are measured on the sequestered cases.")
    return _(
        "Step %(step)s of %(steps)s (%(phase)s), loss %(loss)s%(dice)s%(left)s.",
        **_steps(progress),
        phase=term(progress["phase"]),
        loss=f"{progress['loss']:.3f}",
        dice=_(", Dice %(dice)s", dice=f"{progress['dice']:.3f}") if progress.get("dice") is not None else "",
        left=_(", %(time)s left", time=_about(progress["seconds_left"])) if "seconds_left" in progress else "",
    )


def _steps(progress: Progress) -> dict[str, Any]:
    return {"step": progress["step"], "steps": progress["steps"]}


def _about(seconds: float) -> str:
    if seconds >= 90:
        return _("about %(n)s min", n=round(seconds / 60))
    return _("about %(n)s s", n=max(1, round(seconds)))


def _took(run: Run) -> str:
    return duration((run.ended - run.started).total_seconds() if run.ended and run.started else None)


def _device(device: str | None) -> str | None:
    return _("the processor") if device == "cpu" else device


def _crops(progress: Progress) -> str | None:
    batch, part = progress.get("batch"), progress.get("part")
    if batch is None:
        return None
    return str(batch) if part in (None, batch) else _("%(batch)s, of them %(part)s at once", batch=batch, part=part)


def _processors(machine: dict[str, Any]) -> str | None:
    if "processors" not in machine:
        return None
    return _("%(n)s of %(all)s", n=f"{machine['processors']:.1f}", all=machine["of"])


def _gpu(one: dict[str, Any]) -> str:
    use = "–" if one["use"] is None else f"{one['use']:.0%}"
    return ", ".join((use, _("%(n)s of %(all)s", n=_megabytes(one["memory_mb"]), all=_megabytes(one["of_mb"]))))


def _megabytes(value: float | None) -> str | None:
    if value is None:
        return None
    return f"{value / 1000:.1f} GB" if value >= 1000 else f"{value:.0f} MB"


def _number(value: float | None, form: str) -> str | None:
    return None if value is None else form.format(value)


def _dice(value: float | None) -> str:
    return "–" if value is None else f"{value:.2f}"

"""The demo: the whole loop, twice around, on phantom studies, every part the real one.

The first round reads a third of the studies with the outlines of the model that comes with Scintiloop; the second reads
the rest with those of the first model that learned from these readers, if it was promoted. Both models train for the
same number of steps from the same start, and all three meet on the same test patients.
"""

import hashlib
import json
import shutil
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

from backend.agreement.report import survey
from backend.errors import NotPromotable, Refused, ServiceError
from backend.jobs.follow import follow
from backend.jobs.steps import agree, publish
from backend.jobs.steps.home import make_ready
from backend.jobs.steps.ingest import ingest
from backend.jobs.steps.promote import promote
from backend.jobs.steps.simulate import write_phantom
from backend.jobs.steps.start import start_training
from backend.jobs.steps.verdict import compare, dice_rows
from backend.phantom.cohort import PhantomStudy
from backend.phantom.preset import DEMO
from backend.scans.register import study_token
from backend.services import rehearsal
from backend.services.foreground import ending_services
from backend.services.machine import down, startable
from backend.services.rehearsal import Cast
from backend.services.site import open_site
from backend.settings import Settings
from backend.store.secrets import write_secret

MARKER = "demo.json"
NEXT_STUDIES = 8
"""Studies that nobody has read yet, left pre-annotated for whoever opens Label Studio after the demo."""
CASE_STUDIES = 4
"""Studies that both readers have read and nobody has decided, left for whoever opens the queue after the demo."""
MORE_STUDIES = 24
"""Simulated beyond the two rounds. The simulated readers dispute one study in ten, so those they see most differently
are picked as cases; the next scans are the first of the others."""
LEAST_STUDIES = 12
ENGINEER = "demo engineer"

Advance = Callable[[int, int], None]


class Narrator(Protocol):
    """Where the demo tells what it does."""

    def say(self, sentence: str) -> None: ...

    def progress(self, title: str) -> AbstractContextManager[Advance]: ...


@dataclass(frozen=True)
class _Stage:
    cast: Cast
    scans: Path
    narrator: Narrator

    @property
    def settings(self) -> Settings:
        return self.cast.settings


@contextmanager
def demonstrate(settings: Settings, studies: int, seed: int, narrator: Narrator) -> Iterator[dict[str, Any]]:
    """Runs the loop, and serves it for as long as the block lasts; every service ends with the block.

    A home in which this demo was shown before just starts again; the home of another demo makes way.

    Yields:
        the summary: `studies`, `seed`, `rounds` (readings, references, run, why promoted), `compared` (the last model
        with those before it), `cases`, `next`, `site`.

    Raises:
        Refused: the home holds something other than a demo, or there are too few studies; nothing was changed.
        ServiceError: this machine lacks something (nothing was changed), or a service does not do its part.
    """
    if studies < LEAST_STUDIES:
        raise Refused(
            f"--studies {studies} is too few for a training, a validation and a test side; ask for {LEAST_STUDIES}"
        )
    _check_home(settings.home)
    startable(settings)
    with ending_services(settings, narrator.say):
        yield _show_again(settings, studies, seed, narrator) or _show(settings, studies, seed, narrator)


def _show(settings: Settings, studies: int, seed: int, narrator: Narrator) -> dict[str, Any]:
    _empty_home(settings, seed, narrator)
    started = time.monotonic()
    stage = _prepare(settings, studies, seed, narrator)
    site = open_site(settings, announce=narrator.say)
    order = list(stage.cast.phantoms)
    first, rest = order[: studies // 3], order[studies // 3 : studies]
    rounds = [_round(stage, 1, first)]
    # not from the first model: a longer training would be no proof of better references
    rounds.append(_round(stage, 2, rest, start=rounds[0]["run"]["options"]["start"]))
    disputed = rehearsal.most_disputed(stage.cast, order[studies:])[:CASE_STUDIES]
    cases = _leave_cases(stage, disputed)
    others = [token for token in order[studies:] if token not in disputed]
    summary = {
        "studies": studies,
        "seed": seed,
        "rounds": rounds,
        "compared": _compare(stage, [one["run"] for one in rounds]),
        "cases": cases,
        "next": _next_scans(stage, others[:NEXT_STUDIES]),
        "seconds": round(time.monotonic() - started, 1),
    }
    (settings.home / MARKER).write_text(json.dumps({"asked": [studies, seed], "summary": summary}), encoding="utf-8")
    return summary | {"site": site}


def _show_again(settings: Settings, studies: int, seed: int, narrator: Narrator) -> dict[str, Any] | None:
    """The summary of this very demo where the home holds it, its services started again; else None."""
    try:
        marker = json.loads((settings.home / MARKER).read_text(encoding="utf-8"))
    except FileNotFoundError:
        return None
    if marker["asked"] != [studies, seed]:
        return None
    narrator.say("this demo was shown here before: starting its services again")
    make_ready(settings, narrator.say)
    summary: dict[str, Any] = marker["summary"]
    return summary | {"site": open_site(settings, announce=narrator.say)}


def _check_home(home: Path) -> None:
    """Raises: Refused: the home holds something other than a demo."""
    if home.exists() and not (home / MARKER).exists() and any(home.iterdir()):
        raise Refused(f"{home} holds data that are no demo; set SCINTILOOP_HOME to a new folder")


def _empty_home(settings: Settings, seed: int, narrator: Narrator) -> None:
    """A new home for this demo; an earlier demo, which holds nothing real, makes way."""
    home = settings.home
    home.mkdir(parents=True, exist_ok=True)
    # written first: an interrupted demo must still be known as one
    (home / MARKER).write_text(json.dumps({"asked": None, "summary": None}), encoding="utf-8")
    down(settings)
    for old in home.iterdir():
        if old.is_dir() and not old.is_symlink():
            shutil.rmtree(old)
        elif old.name != MARKER:
            old.unlink()
    make_ready(settings, narrator.say)
    write_secret(settings, "test_key", hashlib.sha256(f"demo {seed}".encode()).hexdigest())


def _prepare(settings: Settings, studies: int, seed: int, narrator: Narrator) -> _Stage:
    scans = settings.home / "demo" / "scans"
    total = studies + MORE_STUDIES
    phantoms: dict[str, PhantomStudy] = {}
    with narrator.progress("simulating scans") as advance:

        def keep(study: PhantomStudy) -> None:
            phantoms[study_token(settings, study.visit)] = study
            advance(len(phantoms), total)

        write_phantom(scans, DEMO.name, total, seed, readers=0, written=keep)
    browser, desktop = settings.readers[:2]
    return _Stage(Cast(settings, phantoms, seed, browser, desktop), scans, narrator)


def _round(stage: _Stage, number: int, tokens: Sequence[str], start: str | None = None) -> dict[str, Any]:
    """Once around the loop with these studies; trains on every reference there is then.

    Args:
        start: of the training; the champion, or nothing without one, where None.
    """
    settings, cast, narrator = stage.settings, stage.cast, stage.narrator
    narrator.say(f"round {number}: {len(tokens)} studies")
    published = _bring_in(stage, tokens)
    readings = _read(stage, f"labelme-round-{number}")
    adjudicated = rehearsal.adjudicate(cast)
    statuses = [one["status"] for one in survey(settings)["projections"]]
    narrator.say(f"round {number}: {adjudicated} projections adjudicated, {len(statuses)} references; training")
    run_id = start_training(settings, ENGINEER, start=start)
    with narrator.progress(f"training run {run_id}") as advance:
        run = follow(settings, run_id, advance)
    if run["state"] != "done":
        raise ServiceError(f"training run {run_id} {run['state']}: {run['reason']}; see the logs folder")
    return {
        "round": number,
        "studies": len(tokens),
        "pre_annotated": sum(reader["pre_annotated"] for reader in published["readers"]),
        "readings": readings,
        "adjudicated": adjudicated,
        "references": {status: statuses.count(status) for status in sorted(set(statuses))},
        "run": run,
        "promoted": _promote(stage, run),
    }


def _read(stage: _Stage, folder: str) -> int:
    """Both readers read what waits for them, the second in a Labelme folder of that name; counts the readings."""
    cast, narrator = stage.cast, stage.narrator
    with narrator.progress(f"{cast.browser_reader} reads in Label Studio") as advance:
        in_browser = rehearsal.read_in_label_studio(cast, advance)
    with narrator.progress(f"{cast.desktop_reader} reads in Labelme") as advance:
        imported = rehearsal.read_in_labelme(cast, stage.settings.home / "demo" / folder, advance)
    return 2 * in_browser + int(imported["new"])


def _bring_in(stage: _Stage, tokens: Sequence[str]) -> dict[str, Any]:
    """Ingests these studies' scans and brings them onto both worklists."""
    names = {stage.cast.phantoms[token].visit.study for token in tokens}
    files = [file for file in sorted((stage.scans / "dicom").rglob("*.dcm")) if file.stem in names]
    with stage.narrator.progress("ingesting") as advance:
        done = ingest(stage.settings, files, stage.scans / "dicom.csv", advance)
    if done["errors"]:
        raise ServiceError(f"a simulated scan was refused: {done['errors'][0]['error']}")
    with stage.narrator.progress("worklists and pre-annotation") as advance:
        publish.publish(stage.settings, advance)
    return publish.standing(stage.settings, tokens)


def _promote(stage: _Stage, run: dict[str, Any]) -> str | None:
    """Promotes as the gate says; a model that it holds, and that did better, is promoted with a written reason.

    An engineer may decide so, and a demo's test set is often too small for the gate. A loss is left alone.

    Returns:
        why it was promoted, None where it was not.
    """
    reason = None
    try:
        promote(stage.settings, run["model"], by=ENGINEER)
    except NotPromotable as refusal:
        gain = (run["dice"].get("metastasis", {}).get("difference") or {}).get("value")
        stage.narrator.say(str(refusal))
        if run["verdict"] != "hold" or not gain or gain <= 0:
            return None
        reason = f"the demo goes on with the newer model: lesion Dice {gain:+.3f}, although the gate holds it"
        promote(stage.settings, run["model"], by=ENGINEER, reason=reason)
    stage.narrator.say(f"promoted {run['model']}: {reason or run['reason']}")
    return reason or ("the gate allows it" if run["champion"] else "no model served before")


def _compare(stage: _Stage, runs: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
    """The last run's model beside every model before it, on the test patients of the last run, newest first.

    Returns:
        `{"model", "round", "dice"}`; round 0 is the model that came along, `dice` is as a run's: `challenger` is the
        last model, `champion` the one before it. Empty where no patient is sequestered.
    """
    if not runs[-1]["dice"]:
        return []
    from backend.jobs.steps.examine import examine  # noqa: PLC0415 (loads torch)

    *earlier, last = runs
    before = [(number, run["model"]) for number, run in enumerate(earlier, start=1)]
    if runs[0]["champion"]:
        before.insert(0, (0, runs[0]["champion"]))
    stage.narrator.say("every model on the same test patients")
    ours = examine(stage.settings, last["model"], last["dataset"], by=ENGINEER)
    found = []
    for number, model in reversed(before):
        theirs = examine(stage.settings, model, last["dataset"], by=ENGINEER)
        dice = dice_rows(ours, theirs, compare(stage.settings, ours, theirs))
        found.append({"model": model, "round": number, "dice": dice})
    return found


def _leave_cases(stage: _Stage, tokens: Sequence[str]) -> dict[str, Any]:
    """Studies that two have read, and what they dispute left to a physician."""
    stage.narrator.say(f"{len(tokens)} studies more, whose disagreements are left to you")
    _bring_in(stage, tokens)
    _read(stage, "labelme-cases")
    return {"studies": len(tokens), "projections": len(agree.open_cases(stage.settings))}


def _next_scans(stage: _Stage, tokens: Sequence[str]) -> dict[str, Any]:
    """New scans, pre-annotated by whichever model serves now."""
    published = _bring_in(stage, tokens)
    return {"studies": len(tokens), "readers": published["readers"]}

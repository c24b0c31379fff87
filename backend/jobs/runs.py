"""A training run as a state machine in the database: queued → running → done, failed or cancelled.

Whoever works on a run holds an *attempt*: the number that `claim` gave out. Every later word about the run names that
attempt and is refused once another attempt has taken over, so a worker that comes back from the dead changes nothing.
"""

import uuid
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Literal

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from backend.errors import NotFound, WrongState
from backend.records import Verdict
from backend.settings import Settings
from backend.store.audit import record
from backend.store.session import open_session
from backend.store.tables import DatasetVersion, Run, now

MAX_POINTS = 500
ENDED = ("done", "failed", "cancelled")

Orders = Literal["carry on", "cancel", "leave"]
"""What the holder of an attempt is to do: `leave` means the run is no longer this attempt's."""


@dataclass(frozen=True)
class Outcome:
    """What a finished run brought: the stored model, the gate's verdict, the Dice figures per label as JSON, and the
    champion that they were compared with."""

    model: str
    verdict: Verdict
    dice: dict[str, dict[str, Any]]
    champion: str | None = None


def request_run(settings: Settings, requested_by: str, dataset_id: str, **options: Any) -> str:
    """Queues a run in the database; returns its id. The caller dispatches `train`.

    Raises:
        NotFound: no dataset version has that id.
    """
    with open_session(settings) as session:
        if session.get(DatasetVersion, dataset_id) is None:
            raise NotFound(
                f"dataset version {dataset_id} does not exist; `scintiloop dataset list` shows those that do"
            )
        run = Run(id=uuid.uuid4().hex[:12], dataset_id=dataset_id, options=options, requested_by=requested_by)
        session.add(run)
        record(session, requested_by, "run requested", run=run.id, dataset=dataset_id)
        return run.id


def claim(settings: Settings, run_id: str) -> int | None:
    """Takes the run on, counting the attempt.

    Returns:
        The attempt, or None where there is nothing to do: the run has ended, or just ended as failed because
        `settings.train_attempts` workers have died on it.
    """
    with open_session(settings) as session:
        run = _locked(session, run_id)
        if run.state in ENDED:
            return None
        if run.cancel_requested:
            _end(run, "cancelled")
            return None
        if run.attempts >= settings.train_attempts:
            run.error = (
                f"its worker died {run.attempts} times (out of memory?); "
                f"see logs/run-{run.id}.log, then retrain with a smaller encoder"
            )
            _end(run, "failed")
            return None
        run.attempts += 1
        run.state, run.heartbeat, run.started = "running", now(), run.started or now()
        run.machine = None
        return run.attempts


def release(settings: Settings, run_id: str, attempt: int) -> None:
    """Puts the run back into the queue after an orderly stop, which does not count as an attempt."""
    with _held(settings, run_id, attempt) as run:
        if run:
            run.state = "queued"
            run.attempts -= 1
            run.machine = None


def wait_for(settings: Settings, run_id: str, attempt: int, devices: Sequence[str]) -> None:
    """Puts the run back into the queue until these devices are free; that does not count as an attempt."""
    with _held(settings, run_id, attempt) as run:
        if run:
            run.state = "queued"
            run.attempts -= 1
            run.machine = {"waits_for": list(devices)}


def waits_for(settings: Settings, run_id: str) -> list[str]:
    """Says that the run's worker still waits, and hears for which devices; empty once there is nothing to wait for."""
    with open_session(settings) as session:
        run = _locked(session, run_id)
        devices: list[str] = (run.machine or {}).get("waits_for", []) if run.state == "queued" else []
        if devices:
            run.heartbeat = now()
        return devices


def beat(settings: Settings, run_id: str, attempt: int, machine: dict[str, Any] | None = None) -> Orders:
    """Says that this attempt still lives and what it uses of the machine, and hears what it is to do."""
    with open_session(settings) as session:
        run = _locked(session, run_id)
        if _ends_by_itself(run, attempt):
            return "carry on"
        if not _holds(run, attempt):
            return "leave"
        run.heartbeat, run.machine = now(), machine or run.machine
        return "cancel" if run.cancel_requested else "carry on"


def advance(settings: Settings, run_id: str, attempt: int, progress: dict[str, Any]) -> None:
    """Records the newest progress and appends it to the curve, which keeps at most `MAX_POINTS` points.

    A second attempt that goes back to a checkpoint draws its part of the curve anew, so steps only rise.
    """
    with _held(settings, run_id, attempt) as run:
        if run:
            run.progress = progress
            before = [point for point in run.points if point["step"] < progress["step"]]
            run.points = decimated([*before, progress])


def decimated(points: list[Any]) -> list[Any]:
    """Every other point once there are too many; the newest stays."""
    return points if len(points) <= MAX_POINTS else points[::-1][::2][::-1]


def finish(settings: Settings, run_id: str, attempt: int, outcome: Outcome) -> bool:
    """Ends the run as done; False, and no change, where another attempt has taken over or ended it."""
    with _held(settings, run_id, attempt) as run:
        if run is None:
            return False
        run.model_id = outcome.model
        run.verdict = _verdict_json(outcome)
        _end(run, "done")
        return True


def fail(settings: Settings, run_id: str, attempt: int, sentence: str) -> None:
    with _held(settings, run_id, attempt) as run:
        if run:
            run.error = sentence
            _end(run, "failed")


def stop(settings: Settings, run_id: str, attempt: int) -> None:
    """Ends the run as cancelled, once its training has stopped."""
    with _held(settings, run_id, attempt) as run:
        if run:
            _end(run, "cancelled")


def cancel(settings: Settings, run_id: str, who: str) -> str:
    """Cancels a queued run at once and asks a running one to stop; returns the state.

    Raises:
        NotFound: no run has that id.
        WrongState: the run has ended.
    """
    with open_session(settings) as session:
        run = _locked(session, run_id)
        if run.state in ENDED:
            raise WrongState(f"run {run_id} cannot be cancelled: it is {run.state}")
        run.cancel_requested = True
        if run.state == "queued":
            _end(run, "cancelled")
        record(session, who, "run cancelled", run=run_id)
        return run.state


def give_up(settings: Settings, run_id: str, sentence: str) -> None:
    """Ends a run that nobody has taken on as failed."""
    with open_session(settings) as session:
        run = _locked(session, run_id)
        if run.state == "queued":
            run.error = sentence
            _end(run, "failed")


def find(settings: Settings, run_id: str) -> Run:
    """Raises: NotFound: no run has that id."""
    with open_session(settings) as session:
        run = session.get(Run, run_id)
        if run is None:
            raise NotFound(f"run {run_id} does not exist; `scintiloop runs` lists those that do")
        return run


def before(settings: Settings, run: Run) -> int:
    """How many unfinished runs were asked for before this one."""
    chosen = select(func.count(Run.id)).where(Run.state.not_in(ENDED), Run.created < run.created)
    with open_session(settings) as session:
        return session.scalar(chosen) or 0


def newest_first(settings: Settings, limit: int = 200) -> list[Run]:
    with open_session(settings) as session:
        return list(session.scalars(select(Run).order_by(Run.created.desc()).limit(limit)))


def abandoned(settings: Settings, seconds: float) -> list[str]:
    """Unfinished runs, oldest first, if not one of them showed a sign of life for `seconds`; this call is one."""
    with open_session(settings) as session:
        unfinished = select(Run).where(Run.state.not_in(ENDED)).order_by(Run.created).with_for_update()
        waiting = list(session.scalars(unfinished))
        quiet_since = now() - timedelta(seconds=seconds)
        if any((run.heartbeat or run.created) > quiet_since for run in waiting):
            return []
        for run in waiting:
            run.heartbeat = now()
        return [run.id for run in waiting]


def show(run: Run) -> dict[str, Any]:
    """The run as the JSON document of `retrain --wait`, `runs show` and the web pages."""
    verdict = run.verdict or {}
    return {
        "run": run.id,
        "state": run.state,
        "model": run.model_id,
        "dataset": run.dataset_id,
        "verdict": verdict.get("name"),
        "reason": verdict.get("reason") or run.error,
        "dice": verdict.get("dice", {}),
        "champion": verdict.get("champion"),
        "checks": verdict.get("checks", []),
        "requested_by": run.requested_by,
        "options": run.options,
        "attempts": run.attempts,
        "cancel_requested": run.cancel_requested,
        "progress": run.progress,
        "machine": run.machine,
        "created": run.created.isoformat(),
        "started": run.started.isoformat() if run.started else None,
        "ended": run.ended.isoformat() if run.ended else None,
    }


def _verdict_json(outcome: Outcome) -> dict[str, Any]:
    verdict = outcome.verdict
    return {
        "name": verdict.name,
        "reason": verdict.reason,
        "dice": outcome.dice,
        "champion": outcome.champion,
        "checks": [check.to_json() for check in verdict.checks],
    }


def _end(run: Run, state: str) -> None:
    run.state, run.ended = state, now()


def _locked(session: Session, run_id: str) -> Run:
    run = session.get(Run, run_id, with_for_update=True)
    if run is None:
        raise NotFound(f"run {run_id} does not exist; `scintiloop runs` lists those that do")
    return run


@contextmanager
def _held(settings: Settings, run_id: str, attempt: int) -> Iterator[Run | None]:
    """The locked run while it is this attempt's, None once it is not."""
    with open_session(settings) as session:
        run = _locked(session, run_id)
        yield run if _holds(run, attempt) else None


def _holds(run: Run, attempt: int) -> bool:
    return run.state == "running" and run.attempts == attempt


def _ends_by_itself(run: Run, attempt: int) -> bool:
    """Whether this attempt has said its last word and tidies up, or has found its device taken and put the run back."""
    if run.state == "queued":
        return run.attempts == attempt - 1 and "waits_for" in (run.machine or {})
    return run.state in ("done", "failed") and run.attempts == attempt

"""When a run starts by itself, as a table."""

from datetime import UTC, datetime, timedelta

import pytest

from backend.jobs.steps.occasion import Known, Plan, Rules, plan

NOW = datetime(2026, 3, 4, 12, tzinfo=UTC)
QUIET = timedelta(minutes=30)
HAND = Rules(None, QUIET, None)
COUNT = Rules(20, QUIET, None)
WEEKLY = Rules(None, QUIET, timedelta(days=7))
BOTH = Rules(20, QUIET, timedelta(days=7))


def ago(**units: float) -> datetime:
    return NOW - timedelta(**units)


def known(
    references: int = 0, newest: datetime | None = None, last_run: datetime | None = None, unfinished: bool = False
) -> Known:
    return Known(references, newest, last_run, unfinished)


@pytest.mark.parametrize(
    ("rules", "what", "planned", "due"),
    [
        pytest.param(HAND, known(99, ago(days=1)), Plan(awaits="somebody"), False, id="no rule: by hand"),
        pytest.param(COUNT, known(), Plan(awaits="reference"), False, id="nothing is new"),
        pytest.param(COUNT, known(19, ago(days=9)), Plan(awaits="reference"), False, id="one too few"),
        pytest.param(COUNT, known(20, ago(hours=1)), Plan("references", ago(minutes=30)), True, id="enough, quiet"),
        pytest.param(COUNT, known(20, ago(minutes=30)), Plan("references", NOW), True, id="quiet just long enough"),
        pytest.param(
            COUNT, known(20, ago(minutes=1)), Plan("references", ago(minutes=-29)), False, id="enough, not quiet yet"
        ),
        pytest.param(
            COUNT, known(20, ago(hours=1), unfinished=True), Plan(awaits="run"), False, id="a run is not over"
        ),
        pytest.param(WEEKLY, known(0, None, ago(days=9)), Plan(awaits="reference"), False, id="a week, nothing new"),
        pytest.param(WEEKLY, known(1, ago(days=2), ago(days=8)), Plan("schedule", ago(days=1)), True, id="a week old"),
        pytest.param(
            WEEKLY, known(1, ago(days=2), ago(days=6)), Plan("schedule", ago(days=-1)), False, id="six days old"
        ),
        pytest.param(
            WEEKLY, known(1, ago(hours=1), ago(days=9)), Plan("schedule", ago(hours=1)), True, id="late news are seen"
        ),
        pytest.param(WEEKLY, known(1, ago(hours=1)), Plan("schedule", ago(hours=1)), True, id="no run ever"),
        pytest.param(
            WEEKLY, known(1, ago(days=2), ago(days=8), True), Plan(awaits="run"), False, id="a week, a run is not over"
        ),
        pytest.param(
            BOTH, known(20, ago(hours=1), ago(days=2)), Plan("references", ago(minutes=30)), True, id="count first"
        ),
        pytest.param(
            BOTH, known(3, ago(hours=1), ago(days=2)), Plan("schedule", ago(days=-5)), False, id="schedule first"
        ),
        pytest.param(
            BOTH,
            known(20, ago(minutes=1), ago(days=7)),
            Plan("schedule", NOW),
            True,
            id="both, one of them not quiet yet",
        ),
    ],
)
def test_the_next_run_by_itself(rules: Rules, what: Known, planned: Plan, due: bool) -> None:
    found = plan(rules, what)
    assert found == planned
    assert found.due(NOW) is due

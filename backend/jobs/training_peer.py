"""`python -m backend.jobs.training_peer RUN RANK SIZE MEETING PARENT`: shares the steps of a run that another leads."""

import sys
from pathlib import Path

from backend.jobs.lifeline import die_with
from backend.jobs.steps.retrain import share_training
from backend.settings import load_settings
from backend.training.team import Team


def main(run_id: str, team: Team, parent: int) -> None:
    die_with(parent)
    share_training(load_settings(), run_id, team)


if __name__ == "__main__":
    main(sys.argv[1], Team(int(sys.argv[2]), int(sys.argv[3]), Path(sys.argv[4])), int(sys.argv[5]))

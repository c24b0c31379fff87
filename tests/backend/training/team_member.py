"""One member of a team of two on processors: `python -m tests.backend.training.team_member RANK MEETING FOLDER`.

Writes the weights after training to `FOLDER/RANK.safetensors` and prints how many crops of each step were its own.
"""

import sys
from pathlib import Path

import numpy as np
import torch
from safetensors.torch import save_file

from backend.model.networks import Architecture, build
from backend.records import LabelMasks
from backend.training.phases import phases
from backend.training.recipe import Recipe
from backend.training.sampling import Sample, Sampler
from backend.training.stepper import Stepper
from backend.training.team import Team
from converters.grid import GRID_SHAPE

RECIPE = Recipe(encoder="resnet18", steps=3, classifier_steps=2, batch=4)


def main(rank: int, meeting: Path, folder: Path) -> None:
    torch.set_num_threads(1)
    lesion, nothing = np.zeros(GRID_SHAPE, bool), np.zeros(GRID_SHAPE, bool)
    lesion[300:320, 100:120] = True
    image = np.where(lesion, 20, 200).astype(np.uint8)
    sampler = Sampler([Sample({"low": image, "high": image}, LabelMasks(lesion, nothing), "p")], RECIPE.batch, 0)
    team, networks = Team(rank, 2, meeting), build(Architecture.named(RECIPE.encoder))
    with team.together():
        for phase in phases(RECIPE):
            phase.prepare(networks)
            stepper = Stepper(phase, networks, RECIPE, team)
            for step in range(phase.steps):
                batch = sampler.draw(phase.number, step, phase.lesion_share)
                stepper.step(batch, step)
                sys.stdout.write(f"{len(team.share(batch).crops)}\n")
    parameters = {
        f"{part}.{name}": value for part, one in networks.named().items() for name, value in one.named_parameters()
    }
    save_file({name: value.contiguous() for name, value in parameters.items()}, folder / f"{rank}.safetensors")


if __name__ == "__main__":
    main(int(sys.argv[1]), Path(sys.argv[2]), Path(sys.argv[3]))

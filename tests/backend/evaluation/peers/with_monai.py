"""MONAI's HD95 and surface Dice at 1 pixel of the made-up cases as JSON: `python with_monai.py`, where MONAI is."""

import json
import sys
from importlib.metadata import version

import torch
from made_up import CASES, case
from monai.metrics import compute_hausdorff_distance, compute_surface_dice


def measured(number):
    first, second = (torch.from_numpy(mask)[None, None].float() for mask in case(number))
    far = compute_hausdorff_distance(first, second, include_background=True, percentile=95)
    near = compute_surface_dice(first, second, class_thresholds=[1.0], include_background=True)
    return [float(far), float(near)]


if __name__ == "__main__":
    sys.stdout.write(json.dumps({"monai": version("monai"), "cases": [measured(number) for number in range(CASES)]}))

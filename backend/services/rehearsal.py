"""The people of the demo: two simulated readers at their worklists and a simulated physician, through the real doors.

Reader 1 works in Label Studio, reader 2 in a Labelme folder; each sees what Scintiloop shows that reader and no more.
"""

import json
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from backend.adjudication.references import open_case, record_decisions
from backend.errors import ServiceError
from backend.jobs.dispatch import dispatch
from backend.jobs.steps import agree, read
from backend.labelstudio.layout import image_name, label_control, projection_of
from backend.labelstudio.project import open_project
from backend.phantom.adjudicator import decide
from backend.phantom.cohort import PhantomStudy
from backend.phantom.readers import read as draw_reading
from backend.records import PROJECTIONS, LabelMasks, Projection
from backend.settings import Settings
from backend.store.session import open_session
from backend.store.tables import Image
from converters.grid import GRID_COLUMNS, GRID_ROWS
from converters.label_studio import read_export, to_results
from converters.labelme import read_labelme, write_labelme
from converters.regions import Region

PHYSICIAN = "simulated physician"
SECONDS_FOR_WEBHOOKS = 120.0

Advance = Callable[[int, int], None]
Shown = dict[Projection, tuple[Region, ...]]


@dataclass(frozen=True, eq=False)
class Cast:
    """Who plays: the home, the phantom behind every study token, and the readers' names."""

    settings: Settings
    phantoms: Mapping[str, PhantomStudy]
    seed: int
    browser_reader: str
    desktop_reader: str

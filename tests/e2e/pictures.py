"""The pictures of the queue and the case page in docs/pictures, made anew: `python -m tests.e2e.pictures`.

Simulated patients and readers. The rules are stricter than the default ones, because simulated readers agree well.
"""

import shutil
import subprocess
import tempfile
from pathlib import Path

from playwright.sync_api import sync_playwright
from sqlalchemy import select

from backend.jobs.steps.agree import settle
from backend.services.environment import service_environment
from backend.settings import load_settings
from backend.store import schema
from backend.store.session import open_session
from backend.store.tables import Case, Study
from tests.e2e.case_pages import add_physician, served, sit_down
from tests.e2e.conftest import CHROMIUM_FLAGS, SCINTILOOP

PICTURES = Path(__file__).parents[2] / "docs" / "pictures"
PHYSICIAN = "physician@hospital.example"
SIZE = {"width": 1440, "height": 900}


def main() -> None:
    with tempfile.TemporaryDirectory() as folder, sync_playwright() as playwright:
        settings = load_settings(home=Path(folder) / "home", dice_floor=0.96, unmatched_lesion_pixels=2)
        schema.prepare(settings)
        readers = "simulated/readers"
        for command in (
            ["phantom", "simulated", "--studies", "14", "--seed", "4"],
            ["ingest", "simulated"],
            ["readings", "import", f"{readers}/reader-1/labelme", "--reader", "reader 1"],
            ["readings", "import", f"{readers}/reader-2/label-studio.json", "--reader", "reader 2"],
        ):
            environment = service_environment(settings)
            subprocess.run([SCINTILOOP, *command], cwd=folder, env=environment, check=True)
        settle(settings)
        add_physician(settings, PHYSICIAN)
        with open_session(settings) as session:
            heaviest = select(Study.token).join(Case).where(Case.open).order_by(Case.disputes.desc()).limit(1)
            study = session.scalars(heaviest).one()
        chromium = playwright.chromium.launch(executable_path=shutil.which("chromium"), args=list(CHROMIUM_FLAGS))
        with served(settings) as address:
            seat = sit_down(chromium, address, PHYSICIAN, viewport=SIZE)
            seat.page.goto(f"{address}/adjudication")
            seat.page.screenshot(path=PICTURES / "queue.png")
            seat.open(study)
            seat.keys("ArrowDown*2", "1", "3", "6", "z")
            seat.saved()
            seat.page.screenshot(path=PICTURES / "case.png")
            seat.keys("e", "h", "ArrowLeft*2", "ArrowUp*2", "Space", "ArrowRight*4", "Space", "ArrowDown*4", "Space")
            seat.keys("ArrowLeft*4", "Space", "c", "v", "n", "+*3")
            seat.page.screenshot(path=PICTURES / "editing.png")
            seat.context.close()
        chromium.close()


if __name__ == "__main__":
    main()

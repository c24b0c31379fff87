"""docs/pictures/report.png, the report of a home's champion, made anew: `python -m tests.e2e.report_picture HOME`.

The demo's home serves well: simulated patients and readers.
"""

import io
import shutil
import sys
from pathlib import Path

from PIL import Image
from playwright.sync_api import sync_playwright

from backend.jobs.steps.report import evaluation_report
from backend.settings import load_settings
from tests.e2e.conftest import CHROMIUM_FLAGS

PICTURE = Path(__file__).parents[2] / "docs" / "pictures" / "report.png"
SIZE = {"width": 1200, "height": 1750}


def main(home: Path) -> None:
    folder = home / "report for its picture"
    try:
        evaluation_report(load_settings(home=home), None, folder, by="report_picture")
        with sync_playwright() as playwright:
            chromium = playwright.chromium.launch(executable_path=shutil.which("chromium"), args=list(CHROMIUM_FLAGS))
            page = chromium.new_page(viewport=SIZE)  # type: ignore[arg-type]
            page.goto((folder / "report.html").absolute().as_uri())
            shown = Image.open(io.BytesIO(page.screenshot()))
            chromium.close()
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    shown.convert("RGB").save(PICTURE, optimize=True)


if __name__ == "__main__":
    main(Path(sys.argv[1]))

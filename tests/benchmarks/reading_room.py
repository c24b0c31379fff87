"""The case page and the queue in Chromium without a graphics card: until usable, while moving, until saved."""

import shutil
import statistics
import tempfile
import time
import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import psutil
from playwright.sync_api import Browser, Page, sync_playwright

from backend.jobs.steps.agree import settle_images
from backend.phantom.cohort import cohort
from backend.phantom.preset import DEMO
from backend.records import WINDOWS
from backend.settings import Settings, load_settings
from backend.store import schema
from backend.store.blobs import blobs_of
from backend.store.images import encode_png
from backend.store.regions_document import encode
from backend.store.session import open_session
from backend.store.tables import Case, Image, Patient, Reader, Reading, Study, now
from backend.web.app import create_app
from converters.regions import Polygon, Region
from tests.e2e.case_pages import PASSWORD, Seat, add_physician, served, sit_down
from tests.e2e.conftest import CHROMIUM_FLAGS

STUDY = "ca5eca5eca5eca5e"
PHYSICIAN = "physician@hospital.example"
LESIONS = 40
CASES = 10_000
LOADS = 9
MOVES = 150
SIZES = {"1600 × 1000": {"width": 1600, "height": 1000}, "820 × 1180": {"width": 820, "height": 1180}}


def measure() -> Iterator[str]:
    """One case of 40 lesions in dispute, then a queue of 10,000."""
    with tempfile.TemporaryDirectory() as folder, sync_playwright() as playwright:
        settings = load_settings(home=Path(folder) / "home")
        schema.prepare(settings)
        add_physician(settings, PHYSICIAN)
        _add_case(settings)
        chromium = playwright.chromium.launch(executable_path=shutil.which("chromium"), args=list(CHROMIUM_FLAGS))
        with served(settings) as address:
            pages = {name: _case_page(chromium, address, size) for name, size in SIZES.items()}
            saved = _saving(chromium, address)
            _add_cases(settings)
            queue = _queue(settings, chromium, address)
        chromium.close()
    yield _told(pages, saved, queue)


def _told(pages: dict[str, dict[str, float]], saved: float, queue: tuple[float, float]) -> str:
    rows = [
        ("until the case page can be used, ms", "≤ 1000", [f"{one['ready']:.0f}" for one in pages.values()]),
        ("frames a second while the window is dragged", "≥ 30", [f"{one['window']:.0f}" for one in pages.values()]),
        ("frames a second while all panels are moved", "≥ 30", [f"{one['pan']:.0f}" for one in pages.values()]),
        ("processor per frame, window, ms", "", [f"{one['window work']:.1f}" for one in pages.values()]),
        ("processor per frame, all panels moved, ms", "", [f"{one['pan work']:.1f}" for one in pages.values()]),
    ]
    table = "\n".join(f"| {what} | {goal} | {' | '.join(values)} |" for what, goal, values in rows)
    return (
        "## Reading room\n\n"
        f"Chromium without a graphics card, headless, which draws at most 60 frames a second. One case, {LESIONS} "
        "lesions in dispute, the outlines of both readings on all four panels, twice enlarged. Medians of "
        f"{LOADS} loads by new browser profiles; drags of {MOVES} pointer moves.\n\n"
        f"| what | goal | {' | '.join(pages)} |\n| --- | --- | --- | --- |\n{table}\n\n"
        f"From the key to the decision acknowledged and shown as saved: {saved:.0f} ms (median of {LESIONS}; goal "
        f"100). The queue page with {CASES:,} cases: {queue[0]:.0f} ms in the server, {queue[1]:.0f} ms in the "
        "browser until it is loaded (goal 300)."
    )


def _case_page(chromium: Browser, address: str, size: dict[str, int]) -> dict[str, float]:
    ready = []
    for _ in range(LOADS):
        seat = sit_down(chromium, address, PHYSICIAN, viewport=size)
        page = seat.open(STUDY)
        ready.append(float(page.get_attribute("#case", "data-ready") or "nan"))
        if len(ready) < LOADS:
            seat.context.close()
    page.evaluate("() => casePage.view.zoomAt(2)")
    window, window_work = _frames(page)
    page.click("#drag")
    pan, pan_work = _frames(page)
    seat.context.close()
    ready_in = statistics.median(ready)
    return {"ready": ready_in, "window": window, "pan": pan, "window work": window_work, "pan work": pan_work}


def _frames(page: Page) -> tuple[float, float]:
    """Frames drawn per second of a drag, and the processor's milliseconds for each, all of the browser together."""
    box = page.locator("figure.panel").first.bounding_box()
    assert box is not None
    middle = (box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
    page.mouse.move(*middle)
    page.mouse.down()
    page.mouse.move(middle[0] + 8, middle[1] + 8)
    first, started = page.evaluate("() => [casePage.view.frames, performance.now()]")
    worked = _processor_seconds()
    for k in range(MOVES):
        page.mouse.move(middle[0] + 40 * np.sin(k / 9), middle[1] + 40 * np.cos(k / 9))
    last, ended = page.evaluate("() => [casePage.view.frames, performance.now()]")
    worked = _processor_seconds() - worked
    page.mouse.up()
    drawn = max(1, last - first)
    return 1000 * drawn / (ended - started), 1000 * worked / drawn


def _processor_seconds() -> float:
    browser = [one for one in psutil.Process().children(recursive=True) if "chrom" in one.name()]
    return sum(sum(one.cpu_times()[:2]) for one in browser)


def _saving(chromium: Browser, address: str) -> float:
    seat = sit_down(chromium, address, PHYSICIAN)
    seat.open(STUDY)
    times = []
    for _ in range(LESIONS):
        times.append(_one_decision(seat))
    seat.context.close()
    return statistics.median(times)


def _one_decision(seat: Seat) -> float:
    key = seat.page.evaluate("() => (casePage.desk.dispute.first ? '1' : '2')")
    seat.page.evaluate("""() => {
      addEventListener('keydown', () => { window.pressed = performance.now(); }, { once: true, capture: true });
      window.saved = new Promise((done) => {
        const watch = () => (window.pressed && !casePage.work.unsaved.length ? done(performance.now() - pressed) : setTimeout(watch));
        window.pressed = null;
        watch();
      });
    }""")  # noqa: E501
    seat.keys(key)
    return float(seat.page.evaluate("() => saved"))


def _queue(settings: Settings, chromium: Browser, address: str) -> tuple[float, float]:
    client = create_app(settings).test_client()
    token = client.get("/login").text.split('name="form_token" value="')[1].split('"')[0]
    client.post("/login", data={"email": PHYSICIAN, "password": PASSWORD, "form_token": token})
    served_in, loaded_in = [], []
    for _ in range(LOADS):
        started = time.perf_counter()
        answer = client.get("/adjudication")
        served_in.append(1000 * (time.perf_counter() - started))
        assert answer.status_code == 200
    seat = sit_down(chromium, address, PHYSICIAN)
    for _ in range(LOADS):
        seat.page.goto(f"{address}/adjudication", wait_until="load")
        seat.page.wait_for_timeout(50)
        loaded_in.append(seat.page.evaluate("() => performance.getEntriesByType('navigation')[0].loadEventEnd"))
    seat.context.close()
    return statistics.median(served_in), statistics.median(loaded_in)


def _add_case(settings: Settings) -> None:
    """A simulated patient's images; 20 outlines that differ on each projection, every fourth by one reader alone."""
    phantom = next(iter(cohort(DEMO, 1, seed=7)))
    rng = np.random.default_rng(7)
    image_ids = []
    with open_session(settings) as session:
        study = Study(patient=Patient(pseudonym="p", sequestered=False), identifier="s", token=STUDY)
        readers = [Reader(name=f"reader {number}", number=number) for number in (1, 2)]
        session.add_all([study, *readers])
        for projection, shown in phantom.projections.items():
            hashes = {f"{window}_sha256": _rendered(settings, shown.counts, window) for window in WINDOWS}
            image = Image(study=study, projection=projection, source_sha256="0" * 64, rows=1024, columns=256, **hashes)
            session.add(image)
            session.flush()
            image_ids.append(image.id)
            drawn = _outlines(rng, LESIONS // 2)
            for reader, regions in zip(readers, drawn, strict=True):
                sha256 = blobs_of(settings).put(encode(regions))
                more: dict[str, Any] = {"arrived_sha256": sha256, "regions_sha256": sha256, "certificate": {}}
                more |= {"origin": str(uuid.uuid4()), "exposure": "blind", "submitted": now()}
                session.add(Reading(reader_id=reader.id, image_id=image.id, **more))
    settle_images(settings, image_ids)


def _rendered(settings: Settings, counts: Any, window: str) -> str:
    hottest = 12 if window == "low" else 40
    pixels = 255 - np.clip(255 * counts / hottest, 0, 255).astype(np.uint8)
    return blobs_of(settings).put(encode_png(pixels))


def _outlines(rng: np.random.Generator, many: int) -> tuple[list[Region], list[Region]]:
    """Two readers' ragged circles, far enough from each other; every fourth lesion is the first reader's alone."""
    mine, others = [], []
    for number in range(many):
        centre = (70 + 28 * (number % 5), 120 + 180 * (number // 5))
        mine.append(_circle(rng, centre, 9))
        if number % 4:
            others.append(_circle(rng, (centre[0] + 5, centre[1] + 4), 7))
    return mine, others


def _circle(rng: np.random.Generator, centre: tuple[float, float], radius: float) -> Region:
    angles = np.linspace(0, 2 * np.pi, 24, endpoint=False)
    reach = radius * rng.uniform(0.85, 1.15, 24)
    points = np.stack([centre[0] + reach * np.cos(angles), centre[1] + reach * np.sin(angles)], axis=1)
    return Region("metastasis", Polygon(tuple(map(tuple, points.tolist()))))


def _add_cases(settings: Settings) -> None:
    with open_session(settings) as session:
        patients = [Patient(pseudonym=f"patient {number}", sequestered=False) for number in range(CASES)]
        session.add_all(patients)
        studies = [Study(patient=one, identifier="s", token=f"{number:016x}") for number, one in enumerate(patients)]
        session.add_all(studies)
        session.flush()
        for number, study in enumerate(studies):
            weight = {"patient_call_differs": number % 9 == 0, "bstbi_change": number / CASES}
            session.add(Case(study_id=study.id, open=True, disputes=1 + number % 5, **weight))

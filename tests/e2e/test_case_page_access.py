"""The case page for those who see, point or press otherwise: contrast, focus, names, targets, touch."""

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from playwright.sync_api import Browser, CDPSession, expect

from backend.jobs.steps.agree import settle_images
from backend.settings import Settings
from tests.e2e.case_pages import Seat, add_physician, served, sit_down

pytestmark = pytest.mark.browser

STUDY = "ca5eca5eca5eca5e"
PHYSICIAN = "physician@hospital.example"
TEXT, LARGE_TEXT, FOCUS = 4.5, 3.0, 3.0
"""Least contrast ratios of WCAG 2.2 AA."""
TARGET = 44
"""Least CSS pixels of what a finger must hit."""

CONTRASTS = """() => {
  const number = (text) => text.match(/[\\d.]+/g).map(Number);
  const linear = (one) => (one /= 255, one <= 0.04045 ? one / 12.92 : ((one + 0.055) / 1.055) ** 2.4);
  const light = ([r, g, b]) => 0.2126 * linear(r) + 0.7152 * linear(g) + 0.0722 * linear(b);
  const ratio = (a, b) => {
    const [x, y] = [light(a), light(b)].sort((p, q) => q - p);
    return (x + 0.05) / (y + 0.05);
  };
  const over = (top, under) => {
    const a = top[3] ?? 1;
    return top.slice(0, 3).map((c, k) => c * a + under[k] * (1 - a));
  };
  const ground = (element) => {
    const layers = [];
    for (let one = element; one; one = one.parentElement) layers.push(number(getComputedStyle(one).backgroundColor));
    return layers.reverse().reduce((under, top) => over(top, under), [255, 255, 255]);
  };
  const found = [];
  const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  while (walker.nextNode()) {
    const element = walker.currentNode.parentElement;
    const skipped = element.closest('script, .skip, [disabled], :disabled, dialog:not([open])');
    if (!walker.currentNode.data.trim() || skipped || !element.checkVisibility()) continue;
    const style = getComputedStyle(element);
    const size = parseFloat(style.fontSize);
    const large = size >= 24 || (size >= 18.66 && Number(style.fontWeight) >= 700);
    const behind = ground(element);
    const contrast = ratio(over(number(style.color), behind), behind);
    found.push({ words: walker.currentNode.data.trim(), large, ratio: contrast });
  }
  return found;
}"""

FOCUSED = """() => {
  const one = document.activeElement, style = getComputedStyle(one);
  const all = [...document.querySelectorAll('*')];
  const name = one.id || one.getAttribute('aria-label') || one.textContent.trim();
  const outline = parseFloat(style.outlineWidth) * (style.outlineStyle !== 'none');
  return { at: all.indexOf(one), tag: one.tagName, name, outline };
}"""


@pytest.fixture
def images(settings: Settings, add_study: Any, add_reader: Any, add_reading: Any, box: Any) -> dict[str, int]:
    made: dict[str, int] = add_study(STUDY)
    north, south = add_reader("north reader", 1), add_reader("south reader", 2)
    add_reading(north, made["anterior"], box(100, 100, 12, 12), box(300, 90, 24, 24))
    add_reading(south, made["anterior"], box(300, 98, 24, 24))
    for reader in (north, south):
        add_reading(reader, made["posterior"])
    settle_images(settings, made.values())
    return made


@pytest.fixture
def seat_of(settings: Settings, images: Any, browser: Browser) -> Iterator[Callable[..., Seat]]:
    """`seat_of(**options)` opens the case for a physician whose browser has these options."""
    add_physician(settings, PHYSICIAN)
    seats: list[Seat] = []
    with served(settings) as address:

        def take(**options: Any) -> Seat:
            seats.append(sit_down(browser, address, PHYSICIAN, **options))
            seats[-1].open(STUDY)
            return seats[-1]

        yield take
        for seat in seats:
            seat.context.close()


@pytest.fixture
def tablet(seat_of: Callable[..., Seat]) -> Seat:
    return seat_of(viewport={"width": 820, "height": 1180}, has_touch=True, is_mobile=True)


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("state", ["choosing", "asking why", "editing", "help"])
def test_every_text_has_enough_contrast(scheme: str, state: str, seat_of: Callable[..., Seat]) -> None:
    seat = seat_of(color_scheme=scheme)
    seat.keys(*{"choosing": [], "asking why": ["5"], "editing": ["e"], "help": ["?"]}[state])
    seat.page.wait_for_timeout(250)
    texts = seat.page.evaluate(CONTRASTS)
    assert len(texts) > 30
    poor = [one for one in texts if one["ratio"] < (LARGE_TEXT if one["large"] else TEXT)]
    assert poor == []


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("grey", ["inverted", "plain"])
def test_outlines_stand_out_from_the_halo_that_parts_them_from_the_image(
    grey: str, scheme: str, seat_of: Callable[..., Seat]
) -> None:
    seat = seat_of(color_scheme=scheme)
    if grey == "plain":
        seat.keys("g")
    colours = seat.page.evaluate("() => ({ ...casePage.view.scene.colours })")
    ground = (255, 255, 255) if grey == "inverted" else (0, 0, 0)
    for name in ("first", "second", "model", "settled", "result", "mark"):
        assert _ratio(_rgb(colours[name]), ground) >= FOCUS, name


def test_focus_goes_through_the_page_in_its_order_and_is_always_seen(seat_of: Callable[..., Seat]) -> None:
    seat = seat_of()
    seen: list[Any] = []
    for _ in range(80):
        seat.keys("Tab")
        now = seat.page.evaluate(FOCUSED)
        if now["tag"] == "BODY" or (seen and now["at"] <= seen[0]["at"]):
            break
        seen.append(now)
    order = [one["at"] for one in seen]
    assert order == sorted(order)
    assert len(seen) > 20
    assert [one["name"] for one in seen if one["outline"] < 2] == []


def test_every_figure_button_and_field_has_a_name(seat_of: Callable[..., Seat]) -> None:
    seat = seat_of()
    nameless = seat.page.evaluate(
        "() => [...document.querySelectorAll('button, a, input:not([type=hidden]), textarea, select, figure')]"
        ".filter((one) => !(one.ariaLabel || one.textContent.trim() || one.title || one.labels?.length"
        " || one.getAttribute('aria-labelledby'))).map((one) => one.outerHTML)"
    )
    assert nameless == []


def test_left_and_right_are_marked_as_the_images_were_acquired(seat_of: Callable[..., Seat]) -> None:
    seat = seat_of()
    for projection, left, right in (("anterior", "R", "L"), ("posterior", "L", "R")):
        for panel in seat.page.locator(f"figure[data-projection={projection}]").all():
            assert panel.locator(".side.left").inner_text() == left
            assert panel.locator(".side.right").inner_text() == right


def test_single_keys_can_be_switched_off(seat_of: Callable[..., Seat]) -> None:
    seat = seat_of()
    seat.keys("?")
    seat.page.uncheck("#single-keys")
    seat.keys("Escape", "3")
    seat.page.reload()
    seat.page.wait_for_selector("#case[data-ready]")
    seat.keys("e")
    expect(seat.page.locator("#editor")).to_be_hidden()
    assert seat.document()["revision"] == 0


def test_the_page_is_spoken_in_chinese_too(seat_of: Callable[..., Seat]) -> None:
    seat = seat_of(locale="zh-CN")
    assert seat.page.get_attribute("html", "lang") == "zh-Hans"
    assert seat.page.locator("#list h3").count() == 2


def test_on_a_tablet_every_target_is_large_enough(tablet: Seat) -> None:
    tablet.keys("e")
    small = tablet.page.evaluate(
        "(least) => [...document.querySelectorAll('#case :is(button, a, textarea)')]"
        ".filter((one) => one.checkVisibility()).map((one) => [one.textContent.trim(), one.getBoundingClientRect()])"
        ".filter(([, box]) => box.width < least || box.height < least).map(([words]) => words)",
        TARGET,
    )
    assert small == []
    assert tablet.page.evaluate("() => document.documentElement.scrollWidth <= innerWidth")


def test_one_finger_paints_and_two_fingers_zoom_and_move(tablet: Seat) -> None:
    page = tablet.page
    tablet.keys("e")
    page.tap("[data-tool=brush]")
    before = page.evaluate("() => casePage.desk.editor.pixels")
    touch = page.context.new_cdp_session(page)
    at = page.evaluate(
        "() => { const {view, desk} = casePage; const at = view.toScreen(view.panels[0], desk.editor.cursor);"
        "const box = view.panels[0].over.getBoundingClientRect(); return [box.left + at[0], box.top + at[1]]; }"
    )
    _touch(touch, "touchStart", at)
    for k in range(1, 9):
        _touch(touch, "touchMove", [at[0], at[1] + 12 * k])
    _touch(touch, "touchEnd")
    painted = page.evaluate("() => casePage.desk.editor.pixels")
    assert painted > before
    zoom = page.evaluate("() => casePage.view.zoom")
    _touch(touch, "touchStart", at)
    for k in range(9):
        _touch(touch, "touchMove", [at[0] - 4 * k, at[1]], [at[0] + 20 + 4 * k, at[1]])
    _touch(touch, "touchEnd")
    assert page.evaluate("() => casePage.view.zoom") > zoom
    assert page.evaluate("() => casePage.desk.editor.pixels") == painted, "a pinch paints nothing"


def test_one_finger_drags_the_window_where_nothing_is_edited(tablet: Seat) -> None:
    box = tablet.page.locator("figure.panel").nth(1).bounding_box()
    assert box is not None
    touch = tablet.page.context.new_cdp_session(tablet.page)
    at = [box["x"] + 50, box["y"] + 300]
    _touch(touch, "touchStart", at)
    for k in range(1, 9):
        _touch(touch, "touchMove", [at[0] + 10 * k, at[1]])
    _touch(touch, "touchEnd")
    windows = tablet.page.evaluate("() => casePage.view.windows")
    assert windows["high"]["width"] > 255
    assert windows["low"]["width"] == 255


def _touch(session: CDPSession, kind: str, *fingers: Any) -> None:
    points = [{"x": x, "y": y, "id": number} for number, (x, y) in enumerate(fingers)]
    session.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": points})


def _rgb(colour: str) -> tuple[int, ...]:
    digits = colour.removeprefix("#")
    digits = "".join(one * 2 for one in digits) if len(digits) == 3 else digits
    return tuple(int(digits[k : k + 2], 16) for k in (0, 2, 4))


def _ratio(one: tuple[int, ...], other: tuple[int, ...]) -> float:
    def light(colour: tuple[int, ...]) -> float:
        parts = [c / 255 / 12.92 if c / 255 <= 0.04045 else ((c / 255 + 0.055) / 1.055) ** 2.4 for c in colour]
        return 0.2126 * parts[0] + 0.7152 * parts[1] + 0.0722 * parts[2]

    brighter, darker = sorted((light(one), light(other)), reverse=True)
    return (brighter + 0.05) / (darker + 0.05)

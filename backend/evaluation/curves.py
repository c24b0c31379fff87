"""The charts of a report: ROC, free response, reliability, Bland and Altman, and Dice beside the readers'."""

from collections.abc import Sequence

from backend.evaluation.charts import (
    LEFT,
    RIGHT,
    TOP,
    UNIT,
    WIDTH,
    Chart,
    Dot,
    Frame,
    Line,
    Mark,
    Role,
    Scale,
    Text,
    scale_around,
    stairs,
)
from backend.evaluation.scores import Json

ROW = 26.0
"""Height of a row of the forest chart."""
NAMES = 150.0
"""Width that its names take."""
FEWEST, MOST = 0.0625, 16.0
"""False regions per study at the ends of the free-response chart."""


def roc_chart(report: Json) -> Chart:
    frame = Frame(UNIT, UNIT)
    marks = frame.axes("1 − specificity", "sensitivity")
    marks.append(frame.line([(0, 0), (1, 1)], "ideal"))
    if report["roc"]:
        steps = stairs([(x, y) for x, y, _ in report["roc"]], (0.0, 0.0))
        marks.append(frame.line(steps, "model"))
    marks += _call(frame, "model at its threshold", report["patients"], "model")
    for name, calls in report["patients_by_reader"].items():
        marks += _call(frame, name, calls, "reader")
    auc = report["patients"]["auc"]
    return Chart(
        "ROC of patients",
        f"Blue: the classifier over all thresholds, area {_words(auc)}; the dot is the threshold in use. "
        "Green: each reader's own calls.",
        tuple(marks),
    )


def _call(frame: Frame, name: str, calls: Json, role: Role) -> list[Mark]:
    specificity, sensitivity = calls["specificity"]["value"], calls["sensitivity"]["value"]
    if specificity is None or sensitivity is None:
        return []
    words = f"{name}: sensitivity {sensitivity:.3f}, specificity {specificity:.3f}"
    return [Dot(frame.at(1 - specificity, sensitivity), role, words)]


def froc_chart(froc: Json) -> Chart:
    """Sensitivity for lesions against false regions per study, the latter on a logarithmic axis."""
    ticks = tuple((rate, f"{rate:g}") for rate in (0.125, 0.25, 0.5, 1, 2, 4, 8))
    frame = Frame(Scale(FEWEST, MOST, ticks, logarithmic=True), UNIT)
    marks = frame.axes("false regions per study", "lesions found")
    points = [(x, y) for x, y, _ in froc["points"]]
    if points:
        end = (max(MOST, points[-1][0]), points[-1][1])
        marks.append(frame.line(stairs([*points, end], (FEWEST, 0.0)), "model"))
    for one in froc["at"]:
        figure = one["sensitivity"]
        if figure["low"] is not None:
            rate = one["false_per_study"]
            marks.append(frame.line([(rate, figure["low"]), (rate, figure["high"])], "limit"))
    for one in froc["standing"]:
        false, found = one["false_per_study"]["value"], one["sensitivity"]["value"]
        if false is not None and found is not None:
            words = f"{one['who']}: {found:.3f} of lesions, {false:.2f} false per study"
            marks.append(Dot(frame.at(false, found), "model" if one["who"] == "model" else "reader", words))
    return Chart(
        "FROC of lesions",
        "Blue: the model as the least confidence is lowered, with 95 % intervals; the blue dot is what it outlines. "
        "Green: each reader.",
        tuple(marks),
    )


def reliability_chart(title: str, bins: Sequence[Json], share: str) -> Chart:
    """Share of positives against the mean probability of each bin."""
    frame = Frame(UNIT, UNIT)
    marks = [*frame.axes("stated probability", share), frame.line([(0, 0), (1, 1)], "ideal")]
    for one in bins:
        figure = one["share"]
        if figure["low"] is not None:
            x = one["probability"]
            marks.append(frame.line([(x, figure["low"]), (x, figure["high"])], "limit"))
    if len(bins) > 1:
        marks.append(frame.line([(one["probability"], one["share"]["value"]) for one in bins], "model"))
    for one in bins:
        figure = one["share"]
        words = f"{one['probability']:.2f} stated, {figure['value']:.2f} true, n = {figure['n']:,}"
        marks.append(Dot(frame.at(one["probability"], figure["value"]), "model", words))
    return Chart(
        title,
        "On the dashed line a probability means what it says; below it the model is too sure, above it not sure "
        "enough. 95 % intervals by patient.",
        tuple(marks),
    )


def bland_altman_chart(title: str, points: Sequence[Sequence[float]], agreement: Json) -> Chart:
    """Difference of model and reference against their mean, study by study."""
    lines: list[tuple[str, Role]] = [("bias", "model"), ("limit_low", "limit"), ("limit_high", "limit")]
    known = {name: agreement[name]["value"] for name, _ in lines if agreement[name]["value"] is not None}
    differences = [a - b for a, b in points]
    frame = Frame(
        scale_around([(a + b) / 2 for a, b in points], zero=True),
        scale_around([*differences, *known.values()], zero=True),
    )
    marks = [*frame.axes("mean of model and reference", "model − reference")]
    marks.append(frame.line([(frame.x.low, 0), (frame.x.high, 0)], "ideal"))
    for name, role in lines:
        if name in known:
            marks.append(frame.line([(frame.x.low, known[name]), (frame.x.high, known[name])], role))
    marks += [Dot(frame.at((a + b) / 2, a - b), "reference", f"model {a:.4f}, reference {b:.4f}") for a, b in points]
    return Chart(title, "One dot a study; the lines are the bias and the 95 % limits of agreement.", tuple(marks))


def forest_chart(title: str, rows: Sequence[tuple[str, Json]]) -> Chart:
    """Figures between 0 and 1 with their intervals below each other, the model's own first."""
    height = TOP + ROW * len(rows) + 30
    width = WIDTH + NAMES

    def across(value: float) -> float:
        return round(LEFT + NAMES + UNIT.share(value) * (width - LEFT - NAMES - RIGHT), 2)

    bottom = TOP + ROW * len(rows)
    marks: list[Mark] = []
    for value, words in UNIT.ticks:
        marks += [Line(((across(value), TOP), (across(value), bottom)), "grid")]
        marks += [Text((across(value), bottom + 14), words)]
    for at, (name, figure) in enumerate(rows):
        middle = TOP + ROW * (at + 0.5)
        marks.append(Text((LEFT + NAMES - 10, middle + 3.5), name, "label", "end"))
        if figure["value"] is None:
            continue
        role: Role = "reader" if at else "model"
        if figure["low"] is not None:
            marks.append(Line(((across(figure["low"]), middle), (across(figure["high"]), middle)), role))
        marks.append(Dot((across(figure["value"]), middle), role, f"{name}: {_words(figure)}"))
    return Chart(title, "Blue: the model. Green: the yardstick, with readers in it.", tuple(marks), width, height)


def _words(figure: Json) -> str:
    if figure["value"] is None:
        return "undefined"
    if figure["low"] is None:
        return f"{figure['value']:.3f}"
    return f"{figure['value']:.3f} ({figure['low']:.3f} to {figure['high']:.3f})"

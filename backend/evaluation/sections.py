"""The sections of a report, in the order in which they are read."""

from collections.abc import Iterator, Sequence

from backend.evaluation.content import Cell, Column, Row, Section, Table, group_words
from backend.evaluation.curves import bland_altman_chart, forest_chart, froc_chart, reliability_chart, roc_chart
from backend.evaluation.headline import gate_words
from backend.evaluation.scores import Json
from backend.evaluation.sections_groups import age_section, slice_section
from converters.regions import LABELS

FAILED = ("hold", "reject")
"""Outcomes of a check of the gate that did not pass."""
CALLS = (
    Column("sensitivity", "sensitivity"),
    Column("specificity", "specificity"),
    Column("accuracy", "accuracy"),
    Column("PPV", "ppv"),
    Column("NPV", "npv"),
    Column("AUC", "auc"),
)


def sections(report: Json) -> Iterator[Section]:
    """Everything but the worst cases, which are pictures.

    Args:
        report: as `build_report` made it; with `gate` where it stands beside a champion.
    """
    if report.get("gate"):
        yield gate_section(report["gate"])
    yield outline_section(report)
    yield lesion_section(report)
    yield patient_section(report)
    yield age_section(report)
    yield slice_section(report)
    yield calibration_section(report)
    yield burden_section(report)
    yield time_section(report)


def gate_section(gate: Json) -> Section:
    """What the gate says of the model beside the champion."""
    notes = [gate_words(gate)]
    differences = [(name.replace("_", " "), figure) for name, figure in gate["differences"].items() if figure]
    tables = []
    if differences:
        rows = tuple(Row(name, (figure,)) for name, figure in differences)
        column = Column("difference", "differences", signed=True)
        tables.append(Table(f"This model minus {gate['champion']}, paired", "Dice, or share", (column,), rows))
    if gate["checks"]:
        columns = (Column("figure", "checks"), Column("must be"), Column("outcome"))
        told = [one for one in gate["checks"] if not one["slice"] or one["outcome"] in FAILED]
        tables.append(Table("What the gate looked at", "check", columns, tuple(map(_check, told))))
        of_slices = [one for one in gate["checks"] if one["slice"]]
        notes += [_slices_in_words(of_slices)] if of_slices else []
    return Section("Beside the champion", tuple(notes), tables=tuple(tables))


def _slices_in_words(checks: Sequence[Json]) -> str:
    judged = [one for one in checks if one["outcome"] != "not judged"]
    failed = sum(one["outcome"] in FAILED for one in judged)
    return (
        f"Of the slices the gate judged {len(judged)} figures, of which {failed} failed, and left "
        f"{len(checks) - len(judged)} unjudged, of too few patients."
    )


def _check(check: Json) -> Row:
    words = [check["check"], check["label"]]
    if check["slice"]:
        words.append(f"{group_words(check['slice']['name'])} {group_words(check['slice']['group'])}")
    name = ", ".join(group_words(word) for word in words if word)
    return Row(name, (_asked(check["figure"]), check["requires"], check["outcome"]))


def _asked(figure: Json | None) -> Cell:
    """The figure; a plain number where it counts and has no interval."""
    counts = figure is not None and figure["value"] is not None and figure["low"] is None
    return f"{figure['value']:g}" if figure and counts else figure


def outline_section(report: Json) -> Section:
    """Dice and borders of everybody with everybody."""
    rows = report["outlines"]
    names = {"metastasis": "lesions", "bladder": "bladder"}
    dice = tuple(
        Column(f"{kind}, {names[label]}", key)
        for label in LABELS
        for kind, key in (("Dice", "dice"), ("pooled Dice", "pooled_dice"))
    )
    in_mm = any(row["labels"][label]["hd95_mm"]["n"] for row in rows for label in LABELS)
    far = ("HD95, mm", "hd95_mm") if in_mm else ("HD95, pixels", "hd95_px")
    borders = tuple(
        Column(f"{kind}, {names[label]}", key, digits)
        for label in LABELS
        for kind, key, digits in (("surface Dice at 1 pixel", "surface_dice", 3), (*far, 1))
    )
    forests = [
        forest_chart(f"Dice, {names[label]}", [(_who(row), row["labels"][label]["dice"]) for row in rows])
        for label in LABELS
    ]
    return Section(
        "Outlines",
        charts=tuple(forests),
        tables=(
            Table("Dice", "who with whom", dice, _outline_rows(rows, dice)),
            Table("Borders", "who with whom", borders, _outline_rows(rows, borders)),
            _exposures(report),
        ),
    )


def _outline_rows(rows: Sequence[Json], columns: Sequence[Column]) -> tuple[Row, ...]:
    half = len(columns) // len(LABELS)
    labels = [label for label in LABELS for _ in range(half)]
    return tuple(
        _row(row, [row["labels"][label][column.key] for label, column in zip(labels, columns, strict=True)])
        for row in rows
    )


def _exposures(report: Json) -> Table:
    """By what the reader saw first."""
    columns = (Column("saw first"), Column("Dice, lesions", "dice"), Column("Dice, bladder", "dice"))
    rows = [
        Row(
            "reader with reader",
            (exposure, *(report["between_readers"][label]["by_exposure"][exposure] for label in LABELS)),
        )
        for exposure in report["between_readers"]["metastasis"]["by_exposure"]
    ]
    for name, reader in report["readers"].items():
        for exposure in reader["metastasis"]["by_exposure"]:
            own = [reader[label]["by_exposure"][exposure] for label in LABELS]
            rows.append(Row(f"model with {name}", (exposure, *(one["dice_to_model"] for one in own))))
            to_reference = (exposure, *(one["dice_to_reference"] for one in own))
            rows.append(Row(f"{name} with reference", to_reference, reader["metastasis"]["contributed"]))
    return Table("By what the reader saw first", "who with whom", columns, tuple(rows))


def lesion_section(report: Json) -> Section:
    """Lesions found and made up, over sizes and confidences."""
    columns = (
        Column("F1", "f1"),
        Column("F1, 10 pixels or more", "f1_from_10_px"),
        Column("sensitivity", "sensitivity"),
        Column("precision", "precision"),
        Column("false per study", "false_per_study", 2),
    )
    keys = ("f1", "f1_from_10_px", "sensitivity", "precision", "false_per_study")
    rows = tuple(_row(row, [row["lesions"].get(key) for key in keys]) for row in report["outlines"])
    sizes = [one["size"] for one in report["outlines"][0]["lesions"]["by_size"]]
    by_size = tuple(Column(f"F1, {group_words(size)} pixels", "by_size") for size in sizes)
    of_size = tuple(_row(row, [one["f1"] for one in row["lesions"]["by_size"]]) for row in report["outlines"])
    rates = report["froc"]["at"]
    at_rates = tuple(Column(f"at {one['false_per_study']:g}", "froc") for one in rates)
    return Section(
        "Lesions",
        charts=(
            froc_chart(report["froc"]),
            forest_chart("Lesion F1", [(_who(row), row["lesions"]["f1"]) for row in report["outlines"]]),
        ),
        tables=(
            Table("Lesions found", "who with whom", columns, rows),
            Table("F1 by size of the lesion", "who with whom", by_size, of_size),
            Table(
                "Sensitivity for lesions at so many false regions per study",
                "",
                at_rates,
                (Row("model", tuple(one["sensitivity"] for one in rates), strong=True),),
            ),
        ),
        keys=("confidence",),
    )


def patient_section(report: Json) -> Section:
    """Calls of patients, and how the classifier ranks crops."""
    rows = [
        Row("model, by classifier", _cells(report["patients"]), strong=True),
        Row("model, by mask", _cells(report["patients_by_mask"])),
        *(Row(name, _cells(own), own["contributed"]) for name, own in report["patients_by_reader"].items()),
    ]
    truth = report["truth"]
    crops = tuple(Row(label, (report["labels"][label]["auc"],)) for label in LABELS)
    return Section(
        "Patients",
        (
            f"Truth: the metastasis column for {truth['metastasis_column']} patients, a non-empty reference for "
            f"{truth['reference']}. A reader has no AUC: a call has no degrees.",
        ),
        (roc_chart(report),),
        (
            Table("Calls of patients", "who", CALLS, tuple(rows)),
            Table("The classifier's crops", "label", (Column("AUC", "auc"),), crops),
        ),
        ("patients", "patients_by_mask", "readers", "truth"),
    )


def calibration_section(report: Json) -> Section:
    found = report["calibration"]
    columns = (Column("calibration error", "ece"), Column("Brier score", "brier"), Column("AUC", "auc"))
    rows = [
        Row(f"pixels, {label}", (found["pixels"][label]["ece"], found["pixels"][label]["brier"], None))
        for label in LABELS
    ]
    regions = found["regions"]
    rows.append(Row("outlined regions", (regions["ece"], regions["brier"], regions["auc"]), strong=True))
    charts = [
        reliability_chart(f"Pixels, {label}", found["pixels"][label]["bins"], "share in the reference")
        for label in LABELS
    ]
    charts.append(reliability_chart("Regions", regions["bins"], "share that are lesions"))
    return Section(
        "What a probability means",
        ("Readers' outlines carry no probability, so no reader stands here.",),
        tuple(charts),
        (Table("Calibration", "probability of", columns, tuple(rows)),),
        ("confidence", "share"),
    )


def burden_section(report: Json) -> Section:
    titles = {"bstbi": ("BSTBI", 4), "lesion_area_cm2": ("Lesion area, cm²", 2)}
    tables, charts = [], []
    for name, (title, digits) in titles.items():
        found = report[name]
        if not found["points"]:
            continue
        columns = tuple(
            Column(words, key, 3 if key == "icc" else digits, key not in ("icc", "mean_absolute_error"))
            for words, key in (
                ("bias", "bias"),
                ("lower limit", "limit_low"),
                ("upper limit", "limit_high"),
                ("ICC(A,1)", "icc"),
                ("mean absolute difference", "mean_absolute_error"),
            )
        )
        keys = [str(column.key) for column in columns]
        rows = tuple(_row(row, [row[key] for key in keys]) for row in found["agreement"])
        groups = tuple(
            _row(row, [row[key] for key in keys], f"{row['group']}, ") for row in found["by_burden"] if row["bias"]["n"]
        )
        tables.append(Table(title, "first − second", columns, rows))
        tables.append(Table(f"{title} by burden", "studies, first − second", columns, groups))
        charts.append(bland_altman_chart(title, found["points"], found["agreement"][0]))
    return Section("Tumour burden", (), tuple(charts), tuple(tables), ("bstbi", "lesion_area_cm2", "by_burden"))


def time_section(report: Json) -> Section:
    time = report["time"]
    spread = time["standard_deviation"]
    note = "" if spread is None else f"Standard deviation of the model's {spread:.2f} s. "
    column = Column("seconds per study", "seconds_per_study", 2)
    rows = [Row("model", (time["seconds_per_study"],), strong=True)]
    rows += [Row(name, (figure,)) for name, figure in time["readers"].items()]
    return Section(
        "Time",
        (f"{note}Measured on: {', '.join(time['devices']) or 'not known'}.",),
        tables=(Table("Time per study", "who", (column,), tuple(rows)),),
    )


def _cells(calls: Json) -> tuple[Cell, ...]:
    return tuple(calls.get(str(column.key)) for column in CALLS)


def _who(row: Json) -> str:
    return f"{row['first']} with {row['second']}"


def _row(row: Json, cells: Sequence[Cell], before: str = "") -> Row:
    return Row(
        before + _who(row), tuple(cells), row["contributed"], row["first"] == "model" and row["second"] == "reference"
    )

"""The sections of a report that split the test cases: by age as the source study did, and by every kind of slice."""

from collections.abc import Sequence

from backend.evaluation.content import Cell, Column, Row, Section, Table, group_words
from backend.evaluation.scores import Json
from converters.regions import LABELS

STUDY_COLUMNS = (
    Column("sensitivity", "sensitivity"),
    Column("specificity", "specificity"),
    Column("accuracy", "accuracy"),
    Column("PPV", "ppv"),
    Column("NPV", "npv"),
    Column("AUC", "auc"),
    Column("Dice, lesions", "dice"),
    Column("Dice, bladder", "dice"),
)
CALL_COLUMNS = 6
SLICE_COLUMNS = (
    Column("Dice, lesions", "dice"),
    Column("Dice, bladder", "dice"),
    Column("surface Dice, lesions", "surface_dice"),
    Column("F1, 10 pixels or more", "f1_from_10_px"),
    Column("false per study", "false_per_study", 2),
)
TITLES = {
    "sex": "By sex",
    "primary": "By primary tumour",
    "site": "By site",
    "exposure": "By what the readers behind the reference saw",
    "lesions": "By lesions on the projection",
    "beside_bladder": "By whether a lesion lies beside the bladder",
}


def age_section(report: Json) -> Section:
    """Every figure of the source study's table by age group, with the readers' below the model's."""
    rows = [row for group in report["by_age"] for row in _age_rows(group)]
    return Section("By age", tables=(Table("Table of the source study", "age, who", STUDY_COLUMNS, tuple(rows)),))


def _age_rows(group: Json) -> list[Row]:
    """The model, each reader with the reference, and the readers' Dice with each other."""
    name = group_words(group["group"])
    dice = {
        (row["first"], row["second"]): [row["labels"][label]["dice"] for label in LABELS] for row in group["outlines"]
    }
    model = (*_calls(group["patients"]), *dice["model", "reference"])
    return [
        Row(f"{name} ({group['n']['patients']} patients), model", model, strong=True),
        *(
            Row(f"{name}, {who}", (*_calls(own), *dice[who, "reference"]), own["contributed"])
            for who, own in group["readers"].items()
        ),
        Row(f"{name}, reader with reader", (*[None] * CALL_COLUMNS, *dice["reader", "reader"])),
    ]


def slice_section(report: Json) -> Section:
    """The same figures for every other kind of group."""
    tables = []
    for kind, title in TITLES.items():
        groups = [one for one in report["slices"] if one["kind"] == kind]
        rows = [
            _slice_row(f"{group_words(group['group'])} ({group['n']['projections']} projections)", row)
            for group in groups
            for row in group["outlines"]
        ]
        tables.append(Table(title, "group, who with whom", SLICE_COLUMNS, tuple(rows)))
        if groups and "patients" in groups[0]:
            tables.append(_calls_table(f"{title}: calls of patients", groups))
    return Section(
        "Slices",
        ("All readers together; a group of few cases has a wide interval, and chance makes one of many look bad.",),
        tables=tuple(tables),
        keys=("exposure", "lesions", "beside_bladder"),
    )


def _calls_table(title: str, groups: Sequence[Json]) -> Table:
    columns = STUDY_COLUMNS[:CALL_COLUMNS]
    rows: list[Row] = []
    for group in groups:
        name = f"{group_words(group['group'])} ({group['n']['patients']} patients)"
        rows.append(Row(f"{name}, model", _calls(group["patients"]), strong=True))
        rows += [Row(f"{name}, {who}", _calls(own), own["contributed"]) for who, own in group["readers"].items()]
    return Table(title, "group, who", columns, tuple(rows))


def _calls(calls: Json) -> tuple[Cell, ...]:
    return tuple(calls.get(str(column.key)) for column in STUDY_COLUMNS[:CALL_COLUMNS])


def _slice_row(group: str, row: Json) -> Row:
    labels, lesions = row["labels"], row["lesions"]
    cells = (
        labels["metastasis"]["dice"],
        labels["bladder"]["dice"],
        labels["metastasis"]["surface_dice"],
        lesions["f1_from_10_px"],
        lesions.get("false_per_study"),
    )
    first, second = row["first"], row["second"]
    return Row(f"{group}, {first} with {second}", cells, row["contributed"], (first, second) == ("model", "reference"))

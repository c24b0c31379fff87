"""What the command line of a conversion means."""

import argparse
from pathlib import Path

from converters.colours import read_colours
from converters.document import parse_json
from converters.drawn import Dialect
from converters.errors import ConversionError, UnreadableFile
from converters.folder import TARGETS
from converters.labelling_config import read_config
from converters.regions import LABELS, Labels
from converters.wish import MOST_EDITABLE_POINTS, Wish

EXAMPLE = "example: scintiloop convert readings/ out/ --to masks"
DESCRIPTION = "Readers' files to files of another format, one certificate each."


def parser() -> argparse.ArgumentParser:
    """All arguments; a folder of thousands of files is meant as much as one file."""
    asked = argparse.ArgumentParser(prog="scintiloop convert", description=DESCRIPTION, epilog=EXAMPLE)
    asked.add_argument("source", metavar="SRC", type=Path, help="a file of outlines or masks, or a folder of them")
    asked.add_argument("destination", metavar="DST", type=Path, help="the folder to write to")
    asked.add_argument("--to", required=True, choices=TARGETS)
    asked.add_argument("--allow-lossy", action="store_true", help="go on where the format cannot say everything")
    asked.add_argument("--json", action="store_true", help="one JSON document on standard output")
    asked.add_argument("--jobs", metavar="N", type=_number, help="processes to work with (as many as are worth it)")
    reading = asked.add_argument_group("how the sources are read")
    reading.add_argument(
        "--labels", metavar="FILE", type=Path, help='JSON: {"their word": "metastasis", "other": null}'
    )
    reading.add_argument("--colours", metavar="FILE", type=Path, help="what the colours of mask images mean")
    reading.add_argument(
        "--config", metavar="FILE", type=Path, help="the Label Studio project's labelling configuration"
    )
    reading.add_argument("--marks", choices=("refuse", "keep"), default="refuse", help="points and lines")
    masks = asked.add_argument_group("with --to masks")
    masks.add_argument("--instances", action="store_true", help="also each lesion by its number (uint16 PNG)")
    masks.add_argument("--npz", action="store_true", help="also a NumPy archive of the masks")
    studio = asked.add_argument_group("with --to label-studio")
    studio.add_argument("--points", metavar="N", type=_number, default=MOST_EDITABLE_POINTS, help="most of an outline")
    studio.add_argument("--exact", action="store_true", help="every point of every outline, however many")
    studio.add_argument("--predictions", action="store_true", help="as a model's suggestions, not as annotations")
    dicom = asked.add_argument_group("with --to dicom-seg")
    dicom.add_argument("--source-nm", metavar="FILE", type=Path, help="the scan drawn on, or a folder of scans")
    return asked


def check(asked: argparse.Namespace, usage: argparse.ArgumentParser) -> None:
    """Ends with a message about usage where arguments do not fit each other or what is on disk."""
    for path in (asked.source, asked.labels, asked.colours, asked.config, asked.source_nm):
        if path is not None and not path.exists():
            usage.error(f"{path} does not exist")
    if asked.destination.exists() and not asked.destination.is_dir():
        usage.error(f"{asked.destination} is not a folder")
    if asked.to != "masks" and (asked.instances or asked.npz):
        usage.error("--instances and --npz go with --to masks")
    if asked.to != "label-studio" and (asked.predictions or asked.exact or asked.points != MOST_EDITABLE_POINTS):
        usage.error("--points, --exact and --predictions go with --to label-studio")
    if (asked.to == "dicom-seg") != (asked.source_nm is not None):
        usage.error("--source-nm names the scan for --to dicom-seg, and is needed there")


def wish_of(asked: argparse.Namespace) -> Wish:
    """What is asked for.

    Raises:
        ConversionError: a file of labels, colours or the configuration cannot be read.
    """
    return Wish(
        target=asked.to,
        with_instances=asked.instances,
        with_arrays=asked.npz,
        allow_lossy=asked.allow_lossy,
        dialect=_dialect(asked),
        max_points=None if asked.exact else asked.points,
        as_predictions=asked.predictions,
        source_nm=asked.source_nm,
    )


def _dialect(asked: argparse.Namespace) -> Dialect:
    labels = None if asked.labels is None else _labels(asked.labels)
    config = None if asked.config is None else _content(asked.config).decode("utf-8", "replace")
    if config is not None:
        read_config(config, asked.config.name)
    table = None if asked.colours is None else read_colours(_content(asked.colours), asked.colours.name, labels)
    return Dialect(
        labels=labels,
        colours=None if table is None else table.colours,
        numbers=None if table is None else table.numbers,
        keep_marks=asked.marks == "keep",
        labelling_config=config,
    )


def _labels(path: Path) -> Labels:
    told = parse_json(_content(path), path.name)
    if not isinstance(told, dict):
        raise UnreadableFile(f'expected {{"their word": "{LABELS[0]}"}}', source=path.name)
    for word, label in told.items():
        if label is not None and label not in LABELS:
            message = f"{label!r} is none of {', '.join(LABELS)} or null"
            raise UnreadableFile(message, source=path.name, field=word)
    return {**{label: label for label in LABELS}, **told}


def _content(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise ConversionError(f"cannot be opened ({error.strerror or error})", source=path.name) from error


def _number(text: str) -> int:
    number = int(text)
    if number < 1:
        raise argparse.ArgumentTypeError(f"{number} is not 1 or more")
    return number

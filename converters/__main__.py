"""`python -m converters SRC DST --to …`: readers' files to files, one certificate each."""

import argparse
import json
import sys
from pathlib import Path

from converters.folder import TARGETS, Outcome, Wish, convert

NOT_YET = ("dicom-seg",)
EXAMPLE = "example: scintiloop convert readings/ out/ --to masks"


def main(argv: list[str] | None = None) -> int:
    """Run the command; returns its exit status: 0 all done, 1 something was not done, 2 wrong usage."""
    parser = _parser()
    try:
        asked = parser.parse_args(argv)
        if not asked.source.exists():
            parser.error(f"{asked.source} does not exist")
        if asked.destination.exists() and not asked.destination.is_dir():
            parser.error(f"{asked.destination} is not a folder")
        if asked.to != "masks" and (asked.instances or asked.npz):
            parser.error("--instances and --npz go with --to masks")
    except SystemExit as stop:
        return int(stop.code or 0)
    if asked.to in NOT_YET:
        sys.stderr.write(f"--to {asked.to} is not written by this version; use one of {', '.join(TARGETS)}\n")
        return 1
    wish = Wish(asked.to, asked.instances, asked.npz, asked.allow_lossy)
    outcome = convert(asked.source, asked.destination, wish)
    _tell(outcome, as_json=asked.json)
    return 1 if outcome.errors else 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="scintiloop convert", description=__doc__, epilog=EXAMPLE)
    parser.add_argument("source", metavar="SRC", type=Path, help="a Labelme file, a Label Studio export, or a folder")
    parser.add_argument("destination", metavar="DST", type=Path, help="the folder to write to")
    parser.add_argument("--to", required=True, choices=(*TARGETS, *NOT_YET))
    parser.add_argument("--instances", action="store_true", help="also each component by its number (uint16 PNG)")
    parser.add_argument("--npz", action="store_true", help="also a NumPy archive of the masks")
    parser.add_argument("--json", action="store_true", help="one JSON document on standard output")
    parser.add_argument("--allow-lossy", action="store_true", help="go on where the format cannot say everything")
    return parser


def _tell(outcome: Outcome, *, as_json: bool) -> None:
    for error in outcome.errors:
        sys.stderr.write(f"{error}\n")
    if as_json:
        errors = [{"file": error.source, "field": error.field, "error": error.message} for error in outcome.errors]
        sys.stdout.write(json.dumps({"converted": outcome.converted, "errors": errors}, ensure_ascii=False) + "\n")
    else:
        sys.stdout.write(f"{len(outcome.converted)} images converted, {len(outcome.errors)} errors\n")


if __name__ == "__main__":
    sys.exit(main())

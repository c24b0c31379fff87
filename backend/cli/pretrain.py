"""`scintiloop pretrain`."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import click

from backend.cli.options import FOLDER, json_option
from backend.cli.output import emit, progress_bar
from backend.settings import load_settings


@click.command(epilog="Example: scintiloop pretrain --encoder resnet34 --studies 1500")
@click.option("--encoder", help="Encoder of both networks; the machine's own unless named.")
@click.option("--studies", type=click.IntRange(min=2), default=600, show_default=True, help="Phantom studies to make.")
@click.option("--seed", type=click.IntRange(min=0), default=0, show_default=True, help="Of studies and training.")
@click.option(
    "--steps",
    type=click.IntRange(min=1),
    default=1500,
    show_default=True,
    help="U-Net steps; a fifth more for the classifier.",
)
@click.option("--from", "start", type=click.Path(path_type=Path), help="A starting model to go on from.")
@click.option("--out", type=click.Path(path_type=Path), help="Weights file to write.")
@click.option("--cache", type=FOLDER, help="Folder of the studies; pretrain/ in the home unless named.")
@click.option("--processes", type=click.IntRange(min=1), help="That make studies at once; one per processor.")
@json_option
def pretrain(  # noqa: PLR0913, PLR0917 (one parameter per option)
    encoder: str | None,
    studies: int,
    seed: int,
    steps: int,
    start: Path | None,
    out: Path | None,
    cache: Path | None,
    processes: int | None,
    as_json: bool,
) -> None:
    """Train a starting model on phantom studies alone; a second call goes on where the first was broken off."""
    from backend.jobs.steps import pretrain as step  # noqa: PLC0415 (the phantom is an extra)
    from backend.training.recipe import PRETRAINING, recipe_for  # noqa: PLC0415 (loads torch)

    settings = load_settings()
    recipe = recipe_for(settings, encoder=encoder, seed=seed)
    recipe = replace(recipe, steps=steps, classifier_steps=max(1, steps // 5), closed_data=False, **PRETRAINING)
    begun = step.starting_model(start) if start else None
    if out:
        step.check_out(out)
    folder = cache or settings.home / "pretrain" / f"seed-{seed}"
    written = out or folder.parent / f"{recipe.encoder}-seed-{seed}.safetensors"
    with progress_bar("studies") as advance:
        step.make_studies(studies, seed, folder, processes, advance)
    with progress_bar("training") as advance:
        model = step.pretrain(
            folder,
            recipe,
            written,
            studies=studies,
            start=begun,
            report=lambda progress: advance(progress.step, progress.steps),
        )
    document = {"file": str(written), "bytes": len(model.weights), "studies": studies, "card": model.card}
    emit(document, as_json, _print_model)


def _print_model(document: dict[str, Any]) -> None:
    size = document["bytes"] / 1e6
    click.echo(f"{document['file']}: {size:.1f} MB, trained on {document['studies']} phantom studies")

"""The model's outlines reach a reader on assisted tasks alone, whatever lies in Label Studio's database.

A task is assisted where its `meta` says so: `{"exposure": "assisted"}`. Only the service account can write that.
"""

EMPTY = {
    "prediction": None,
    "predictions": [],
    "predictions_results": "",
    "predictions_score": None,
    "predictions_model_versions": "",
    "total_predictions": 0,
}
"""Keys under which Label Studio tells predictions or what is known of them, and how it says that there are none."""

COLUMN_KEYS = frozenset({"filter", "column", "ordering"})


def asks_about_predictions(named_values: object) -> bool:
    """Whether a list is to be narrowed or ordered by predictions, which would tell what they say without showing them.

    Args:
        named_values: (key, value) pairs of the request.
    """
    return any(key in COLUMN_KEYS and "prediction" in str(value).lower() for key, value in named_values)


def hide_from_blind(answer: object, assisted_of: object) -> None:
    """Empties, in place, what an answer says of predictions, but for those of assisted tasks.

    Args:
        answer: what a view returns, before it becomes JSON.
        assisted_of: which of a set of task ids are assisted, as a set.
    """
    telling = list(_telling(answer))
    assisted = assisted_of({task for task, _ in telling if task is not None}) if telling else frozenset()
    for task, part in telling:
        if task not in assisted:
            part.update({key: EMPTY[key] for key in part.keys() & EMPTY.keys()})


def _telling(part):
    """Every object with predictions in it, after the id of the task it speaks of, None where it is of no single one."""
    if isinstance(part, dict):
        if part.keys() & EMPTY.keys():
            task = part.get("task", part.get("id"))
            yield (task if isinstance(task, int) else None), part
        for inner in part.values():
            yield from _telling(inner)
    elif isinstance(part, (list, tuple)):
        for inner in part:
            yield from _telling(inner)

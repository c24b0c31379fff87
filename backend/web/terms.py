"""Machine's words that pages show: states, labels, roles, reasons; each with what people call it."""


def word(english: str) -> str:
    """Marks words for `scripts/words`; says them as they are."""
    return english


TERMS: dict[str, str] = {
    # states of projections, runs, services, verdicts
    "waiting": word("waiting"),
    "adjudicate": word("adjudicate"),
    "agreed": word("agreed"),
    "adjudicated": word("adjudicated"),
    "excluded": word("excluded"),
    "queued": word("queued"),
    "running": word("running"),
    "done": word("done"),
    "failed": word("failed"),
    "cancelled": word("cancelled"),
    "stopped": word("stopped"),
    "starting": word("starting"),
    "external": word("external"),
    "up": word("up"),
    "down": word("down"),
    "promote": word("promote"),
    "hold": word("hold"),
    "reject": word("reject"),
    "rollback": word("rollback"),
    "champion": word("champion"),
    "challenger": word("challenger"),
    # what is drawn on and what is drawn
    "anterior": word("anterior"),
    "posterior": word("posterior"),
    "metastasis": word("metastasis"),
    "bladder": word("bladder"),
    "assisted": word("assisted"),
    "blind": word("blind"),
    "control": word("control"),
    # who people are
    "reader": word("reader"),
    "physician": word("physician"),
    "engineer": word("engineer"),
    "administrator": word("administrator"),
    # sides of the split
    "train": word("train"),
    "validation": word("validation"),
    "test": word("test"),
    "undecided": word("undecided"),
    # services
    "broker": word("broker"),
    "worker": word("worker"),
    "worker_gpu": word("training worker"),
    "scheduler": word("scheduler"),
    "ml_backend": word("ML backend"),
    "web": word("web pages"),
    "label_studio": "Label Studio",
    # phases and options of a run
    "classifier": word("classifier"),
    "evaluation": word("evaluation"),
    "recipe": word("recipe"),
    "start": word("start"),
    "encoder": word("encoder"),
    "steps": word("steps"),
    "scratch": word("scratch"),
    # what the gate looks at, and what comes of it
    "test_set": word("rarer kind of test patients"),
    "floor": word("floor"),
    "not_worse": word("not worse"),
    "better": word("better"),
    "no_loss": word("no loss"),
    "false_lesions": word("false lesions"),
    "slice": word("slice"),
    "passed": word("passed"),
    "not judged": word("not judged"),
    # kinds of slices, and their groups
    "age": word("age"),
    "sex": word("sex"),
    "primary": word("primary tumour"),
    "site": word("site"),
    "exposure": word("exposure"),
    "lesions": word("lesions"),
    "beside_bladder": word("beside the bladder"),
    "mixed": word("mixed"),
    "yes": word("yes"),
    "no": word("no"),
    "none": word("none"),
    # what a model started from
    "model": word("another model"),
    "file": word("a model file"),
    "pretrain": word("simulated scans"),
    "day-one": word("the model that comes with Scintiloop"),
    # why a projection is excluded
    "unreadable": word("unreadable"),
    "cannot be settled": word("cannot be settled"),
    "primary bone tumour": word("primary bone tumour"),
}

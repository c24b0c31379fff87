"""Makes one reader's project what it should be; doing it again changes nothing."""

from base64 import b64encode
from typing import Any

from backend.labelstudio.accounts import ReaderAccount, files_folder
from backend.labelstudio.client import asking, connect
from backend.labelstudio.config import label_config
from backend.settings import Settings
from backend.store.secrets import secret

TITLE = "Bone scans"
BACKEND_TITLE = "Scintiloop"
"""The stream asks the backend where the project's model version is this title."""
BACKEND_USER = "scintiloop"
BACKEND_SECONDS = 100
EVENTS = ("ANNOTATION_CREATED", "ANNOTATIONS_CREATED", "ANNOTATION_UPDATED", "ANNOTATIONS_DELETED")
HIDDEN_COLUMNS = (
    "annotations_results",
    "annotators",
    "annotations_ids",
    "avg_lead_time",
    "cancelled_annotations",
    "comment_authors",
    "comment_count",
    "created_at",
    "data.anterior",
    "data.anterior_high",
    "data.posterior",
    "data.posterior_high",
    "draft_exists",
    "file_upload",
    "last_comment_updated_at",
    "predictions_model_versions",
    "predictions_results",
    "predictions_score",
    "reviewers",
    "reviews_accepted",
    "reviews_rejected",
    "storage_filename",
    "total_annotations",
    "total_predictions",
    "unresolved_comment_count",
    "updated_at",
    "updated_by",
)
APPEARANCE: dict[str, Any] = {
    "title": TITLE,
    "sampling": "Sequential sampling",
    "maximum_annotations": 1,
    "enable_empty_annotation": True,
    "show_skip_button": True,
    "show_collab_predictions": True,
    "show_annotation_history": False,
    "reveal_preannotations_interactively": False,
    "evaluate_predictions_automatically": False,
}


def set_up_project(settings: Settings, account: ReaderAccount, *, with_backend: bool) -> int:
    """The id of the reader's project, with its look, image folder, ML backend and webhook as they should be.

    Args:
        with_backend: whether to register the ML backend, which must answer then.

    Raises:
        ServiceError: Label Studio or, where asked for, the ML backend does not do its part.
    """
    client = connect(settings, account.service_token)
    with asking(settings, f"set up the project of {account.name}"):
        project = _project(client)
        _worklist_tab(client, project)
        _storage(client, project, files_folder(settings) / account.folder)
        if with_backend:
            _backend(client, project, settings)
    return project


def authorization(settings: Settings) -> str:
    """The header by which the ML backend knows Label Studio."""
    pair = f"{BACKEND_USER}:{secret(settings, 'ml_backend_password')}"
    return f"Basic {b64encode(pair.encode()).decode()}"


def _project(client: Any) -> int:
    wanted = APPEARANCE | {"label_config": label_config()}
    found = next(iter(client.projects.list()), None)
    if found is None:
        return int(client.projects.create(**wanted).id)
    if any(getattr(found, name, None) != value for name, value in wanted.items()):
        client.projects.update(id=found.id, **wanted)
    return int(found.id)


def _worklist_tab(client: Any, project: int) -> None:
    """Readers may not make tabs, and without one the page stays empty."""
    if not client.views.list(project=project):
        hidden = [f"tasks:{column}" for column in HIDDEN_COLUMNS]
        data = {"title": "Worklist", "hiddenColumns": {"explore": hidden, "labeling": hidden}}
        client.views.create(project=project, data=data)


def _storage(client: Any, project: int, folder: Any) -> None:
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    path = str(folder)
    if not any(storage.path == path for storage in client.import_storage.local.list(project=project)):
        client.import_storage.local.create(
            project=project, title=folder.name, path=path, regex_filter="^$", use_blob_urls=True
        )


def _backend(client: Any, project: int, settings: Settings) -> None:
    """Registers the ML backend; its one webhook then brings the readers' submissions."""
    wanted = {
        "url": settings.ml_backend_address,
        "title": BACKEND_TITLE,
        "is_interactive": False,
        "auth_method": "BASIC_AUTH",
        "basic_auth_user": BACKEND_USER,
        "basic_auth_pass": secret(settings, "ml_backend_password"),
        "timeout": BACKEND_SECONDS,
    }
    hook = {
        "url": f"{settings.ml_backend_address}/webhook",
        "headers": {"Authorization": authorization(settings)},
        "actions": list(EVENTS),
        "send_payload": True,
        "send_for_all_actions": False,
    }
    found = next(iter(client.ml.list(project=project)), None)
    if found is None:
        client.ml.create(project=project, **wanted)
    elif found.url != wanted["url"] or not _as_wanted(client.webhooks.list(project=project), hook):
        # Label Studio never shows a password again: the webhook's header tells whether it is the one in force
        client.ml.update(id=found.id, project=project, **wanted)
    if client.projects.get(id=project).model_version != BACKEND_TITLE:
        client.projects.update(id=project, model_version=BACKEND_TITLE)
    hooks = client.webhooks.list(project=project)
    if not _as_wanted(hooks, hook):
        # the one that came with the backend sends every event, and without a password
        for other in hooks:
            client.webhooks.delete(id=other.id)
        client.webhooks.create(project=project, **hook)


def _as_wanted(hooks: Any, wanted: dict[str, Any]) -> bool:
    return len(hooks) == 1 and all(
        sorted(getattr(hooks[0], name)) == sorted(value) if name == "actions" else getattr(hooks[0], name) == value
        for name, value in wanted.items()
    )

"""Which objects a request names, in its path, query and body, as sets of ids by kind."""

import json
import re
from collections import defaultdict
from urllib.parse import unquote

KEYS = {
    "project": ("project", "project_id", "projects", "project_ids", "associated_projects", "ids"),
    "task": ("task", "task_id", "tasks", "task_ids", "included", "excluded"),
    "annotation": (
        *("annotation", "annotation_id", "annotations", "annotation_ids"),
        *("parent_annotation", "parent_annotation_id"),
    ),
    "draft": ("draft", "draft_id", "drafts"),
    "prediction": (
        *("prediction", "prediction_id", "predictions", "prediction_ids"),
        *("parent_prediction", "parent_prediction_id"),
    ),
    "view": ("view", "view_id", "views", "tab", "tabID"),
    "storage": ("storage", "storage_id"),
    "ml_backend": ("ml_backend", "ml_backend_id", "ml_backend_model", "ml_backend_model_id", "model", "model_id"),
    "webhook": ("webhook", "webhook_id"),
    "file_upload": ("file_upload", "file_upload_id", "file_upload_ids"),
    "export": ("export", "export_id"),
    "label": ("label", "label_id"),
    "organization": ("organization", "organization_id", "active_organization", "active_organization_id"),
    "user": (
        *("user", "user_id", "users", "completed_by", "completed_by_id", "updated_by", "updated_by_id"),
        *("created_by", "created_by_id", "last_created_by", "last_created_by_id", "deleted_by", "deleted_by_id"),
        *("approved_by", "approved_by_id", "triggered_by", "triggered_by_id", "comment_authors"),
    ),
}
KIND_OF_KEY = {key: kind for kind, keys in KEYS.items() for key in keys}

PATHS = (
    (r"organizations:api:", {"pk": "organization", "user_pk": "user"}),
    (r"user-(detail|avatar)$", {"pk": "user"}),
    (r"projects:", {"pk": "project", "import_pk": "project_import", "reimport_pk": "project_reimport"}),
    (r"data_import:api-projects:", {"pk": "project"}),
    (r"data_import:api:file-upload-detail", {"pk": "file_upload"}),
    (r"data_manager:project-", {"pk": "project"}),
    (r"data_manager:api:view-", {"pk": "view"}),
    (r"data_export:api-projects:", {"pk": "project", "export_pk": "export"}),
    (r"tasks:api:", {"pk": "task", "annotation_id": "annotation"}),
    (r"tasks:api-annotations:", {"pk": "annotation"}),
    (r"tasks:api-drafts:", {"pk": "draft"}),
    (r"tasks:api-predictions:", {"pk": "prediction"}),
    (r"storages:api:storage-localfiles-", {"pk": "storage"}),
    (r"storages:api:export-storage-localfiles-", {"pk": "export_storage"}),
    (r"storages:(task|project)-storage-data-", {"task_id": "task", "project_id": "project"}),
    (r"ml:api:", {"pk": "ml_backend"}),
    (r"webhooks:api:", {"pk": "webhook"}),
    (r"labels_manager:api-labels:label-", {"pk": "label"}),
    (r"labels_manager:api-labels:label_link-", {"pk": "label_link"}),
)
NO_DRAFT = ("draft_id", 0)
"""The labelling page sends it with a submission that had no draft."""
LARGEST_ID = 2**63
HARMLESS_PATH_PARTS = frozenset({"format", "sub_path", "path"})


class Unreadable(Exception):
    """The request names something in a way that cannot be checked."""


def named_ids(request, route, path_parts):
    """Ids that the request names, `{kind: {id, …}}`.

    Raises:
        Unreadable: a part of the path has no known kind, or the body is not JSON in UTF-8.
    """
    found = defaultdict(set)
    kinds = next((kinds for pattern, kinds in PATHS if re.match(pattern, route)), {})
    for part, value in path_parts.items():
        if part in HARMLESS_PATH_PARTS:
            continue
        number = _number(value)
        if part not in kinds or number is None:
            raise Unreadable(part)
        found[kinds[part]].add(number)
    for key, value in named_values(request):
        if key in KIND_OF_KEY and (number := _number(value)) is not None and (key, value) != NO_DRAFT:
            found[KIND_OF_KEY[key]].add(number)
    return found


def named_values(request):
    """Pairs (key, value) of everything in query and body, however deep, JSON inside text included; values are no lists
    and no objects, and an object's `id` also counts under the object's own key.

    Raises:
        Unreadable: the body is not JSON in UTF-8.
    """
    try:
        for name, values in request.GET.lists():
            for value in values:
                yield from _leaves(name, value)
                yield from ((name, part) for part in value.split(","))
        yield from _leaves(None, _body(request))
    except RecursionError:
        raise Unreadable("depth") from None


def _body(request):
    """Only what Label Studio is sure to read as we do: a form spells lists in many ways, a charset changes the text."""
    if not request.body:
        return None
    charset = request.content_params.get("charset", "utf-8")
    if request.content_type != "application/json" or charset.lower() not in ("utf-8", "utf8"):
        raise Unreadable("content type")
    try:
        return json.loads(request.body.decode("utf-8"))
    except ValueError:
        raise Unreadable("body") from None


def _leaves(key, value):
    if isinstance(value, dict):
        yield key, value.get("id")
        for name, inner in value.items():
            yield from _leaves(name, inner)
    elif isinstance(value, list):
        for inner in value:
            yield from _leaves(key, inner)
    else:
        yield key, value
        for document in _documents(value):
            yield from _leaves(key, document)


def _documents(text):
    """The JSON objects and lists that a text holds as it stands and once unquoted, as Label Studio may read it."""
    if not isinstance(text, str):
        return
    for candidate in {text, unquote(text)}:
        if candidate.lstrip()[:1] in ("{", "["):
            try:
                yield json.loads(candidate)
            except ValueError:
                continue


def _number(value):
    """The id as Label Studio and its database would read it: `7`, `"7"`, `" 7 "`, `"7.0"`, `7.9`, and `true` as 1; None
    for what is no id, 0 for none's id."""
    if value is None or value is False:
        return None
    try:
        number = int(value) if isinstance(value, (bool, float)) else int(re.sub(r"\.0*\s*$", "", str(value)))
    except (ValueError, OverflowError):
        return None
    return number if 0 < number < LARGEST_ID else 0

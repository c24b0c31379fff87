"""Which objects a request names, in its path, query and body, as sets of ids by kind."""

import json
import re
from collections import defaultdict
from urllib.parse import unquote

KEYS = {
    "project": ("project", "project_id", "projects", "project_ids", "ids"),
    "task": ("task", "task_id", "tasks", "task_ids", "included", "excluded"),
    "annotation": ("annotation", "annotation_id", "annotations", "annotation_ids", "parent_annotation"),
    "draft": ("draft", "draft_id", "drafts"),
    "prediction": ("prediction", "prediction_id", "predictions", "parent_prediction"),
    "view": ("view", "view_id", "views", "tab", "tabID"),
    "ml_backend": ("ml_backend", "ml_backend_id"),
    "file_upload": ("file_upload", "file_upload_id", "file_upload_ids"),
    "organization": ("organization", "organization_id", "active_organization"),
    "user": ("user", "user_id", "completed_by", "updated_by", "created_by"),
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
        Unreadable: a part of the path has no known kind, or the body is neither JSON nor a form.
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
    for name, values in request.GET.lists():
        _gather_all(found, name, values)
    _gather(found, None, _body(request, found))
    return found


def _body(request, found):
    if not request.body:
        return None
    if request.content_type == "application/json":
        try:
            return json.loads(request.body)
        except ValueError:
            raise Unreadable("body") from None
    if request.content_type in ("application/x-www-form-urlencoded", "multipart/form-data"):
        for name, values in request.POST.lists():
            _gather_all(found, name, values)
        return None
    raise Unreadable("content type")


def _gather_all(found, name, values):
    for value in values:
        document = _document(value)
        _gather(found, name, value.split(",") if document is None else document)


def _document(text):
    """A JSON object or list inside a query parameter, quoted once more or not."""
    for candidate in (text, unquote(text)):
        if candidate.lstrip()[:1] in ("{", "["):
            try:
                return json.loads(candidate)
            except ValueError:
                continue
    return None


def _gather(found, key, value):
    if isinstance(value, dict):
        for name, inner in value.items():
            _gather(found, name, inner)
        kind, value = KIND_OF_KEY.get(key), value.get("id")
        if kind and _number(value) is not None:
            found[kind].add(_number(value))
    elif isinstance(value, list):
        for inner in value:
            _gather(found, key, inner)
    elif key in KIND_OF_KEY and (number := _number(value)) is not None and (key, value) != NO_DRAFT:
        found[KIND_OF_KEY[key]].add(number)


def _number(value):
    """The id as Label Studio would read it: `7`, `"7"`, `" 7 "`, `"7.0"`; None for what is no id, 0 for none's id."""
    if isinstance(value, bool) or value is None:
        return None
    try:
        number = int(re.sub(r"\.0*\s*$", "", str(value)))
    except ValueError:
        return None
    return number if 0 < number < LARGEST_ID else 0

"""The guard inside Label Studio: nothing of another organisation exists, and a reader only reads and draws.

Each reader has an organisation of their own with a service account that made it and acts for Scintiloop. Label Studio
leaves some routes open across organisations; here every id that a request names is resolved before the view runs, and
the answer is 404 unless all of them belong to the caller's organisation.
"""

import logging
import os
from functools import cache

from django.apps import apps
from django.conf import settings
from django.http import JsonResponse
from scintiloop_allowed import READ, allowed_for_anyone, allowed_for_reader
from scintiloop_ids import Unreadable, named_ids

log = logging.getLogger(__name__)

MODELS = {
    "organization": ("organizations", "Organization", "id"),
    "user": ("users", "User", "organizations"),
    "project": ("projects", "Project", "organization"),
    "project_import": ("projects", "ProjectImport", "project__organization"),
    "project_reimport": ("projects", "ProjectReimport", "project__organization"),
    "task": ("tasks", "Task", "project__organization"),
    "annotation": ("tasks", "Annotation", "task__project__organization"),
    "draft": ("tasks", "AnnotationDraft", "task__project__organization"),
    "prediction": ("tasks", "Prediction", "task__project__organization"),
    "view": ("data_manager", "View", "project__organization"),
    "storage": ("io_storages", "LocalFilesImportStorage", "project__organization"),
    "export_storage": ("io_storages", "LocalFilesExportStorage", "project__organization"),
    "ml_backend": ("ml", "MLBackend", "project__organization"),
    "webhook": ("webhooks", "Webhook", "organization"),
    "file_upload": ("data_import", "FileUpload", "project__organization"),
    "export": ("data_export", "Export", "project__organization"),
    "label": ("labels_manager", "Label", "organization"),
    "label_link": ("labels_manager", "LabelLink", "project__organization"),
}
AUTHOR = {"annotation": "completed_by", "draft": "user", "user": "id"}
"""A reader changes only what is the reader's own."""
FILES = "storages:localfiles_data"
FORBIDDEN_ROUTES = frozenset({"user-signup", "data_import:data-upload", "data_import:storage-data-upload"})
"""Signing up and uploading are not how anything gets in here."""


class GuardMiddleware:
    def __init__(self, get_response):
        self.get_response = get_response

    def __call__(self, request):
        return self.get_response(request)

    def process_view(self, request, view, _arguments, path_parts):
        """Answers 404 instead of the view where the caller may not know that the thing exists."""
        route = request.resolver_match.view_name or ""
        view_name = f"{view.__module__}.{getattr(view, '__name__', '')}"
        if allowed_for_anyone(route, view_name, request.method):
            return None
        if route not in FORBIDDEN_ROUTES and self._permits(request, route, path_parts):
            return None
        log.warning("refused %s %s to user %s", request.method, route or view_name, request.user.pk)
        return JsonResponse({"detail": "Not found."}, status=404)

    def _permits(self, request, route, path_parts):
        # such a token would be looked at after us, by the view, and could belong to somebody else
        if request.headers.get("Authorization", "").lower().startswith("token"):
            return False
        if not request.user.is_authenticated:
            return allowed_for_reader(request, route)  # the view itself asks for a log-in
        organisation = request.user.active_organization
        reader = organisation is None or organisation.created_by_id != request.user.pk
        if reader and not allowed_for_reader(request, route):
            return False
        return organisation is not None and _names_only_own(request, route, path_parts, organisation, reader)


def _names_only_own(request, route, path_parts, organisation, reader):
    if route == FILES and not _within_own_folder(request, organisation):
        return False
    try:
        named = named_ids(request, route, path_parts)
    except Unreadable:
        return False
    writer = request.user if reader and request.method not in READ else None
    return all(_all_within(kind, ids, organisation, writer) for kind, ids in named.items())


@cache
def _model(kind):
    application, name, way = MODELS[kind]
    return apps.get_model(application, name), way


def _all_within(kind, ids, organisation, writer):
    """Whether each id exists in the organisation, and where `writer` is given, is the writer's own."""
    model, way = _model(kind)
    mine = model.objects.filter(pk__in=ids, **{way: organisation.pk})
    if writer is not None and kind in AUTHOR:
        mine = mine.filter(**{AUTHOR[kind]: writer.pk})
    return mine.values("pk").distinct().count() == len(ids)


def _within_own_folder(request, organisation):
    storages, _ = _model("storage")
    asked = request.GET.getlist("d")
    root = settings.LOCAL_FILES_DOCUMENT_ROOT
    if len(asked) != 1 or not root:
        return False
    target = os.path.realpath(f"{root}/{asked[0]}")
    folders = storages.objects.filter(project__organization=organisation).values_list("path", flat=True)
    return any(target.startswith(os.path.realpath(folder) + os.sep) for folder in folders)

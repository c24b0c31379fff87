"""The guard inside Label Studio: nothing of another organisation exists, and a reader only reads and draws.

Each reader has an organisation of their own with a service account that made it and acts for Scintiloop. Label Studio
leaves some routes open across organisations; here every id that a request names is resolved before the view runs, and
the answer is 404 unless all of them belong to the caller's organisation. What a view then answers a reader loses the
model's outlines of every task that is not assisted.
"""

import logging
import os
from functools import cache

from django.apps import apps
from django.conf import settings
from django.http import JsonResponse
from scintiloop_allowed import READ, allowed_for_anyone, allowed_for_reader
from scintiloop_ids import Unreadable, named_ids, named_values
from scintiloop_predictions import asks_about_predictions, hide_from_blind

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
FRONT_END = ("EDITOR_ROOT", "DM_ROOT", "REACT_APP_ROOT", "STATIC_ROOT")
"""Settings of Label Studio that name the folders of its own front end."""
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
        if allowed_for_anyone(route, view_name, request.method) and _is_front_end(path_parts):
            return None
        if route not in FORBIDDEN_ROUTES and self._permits(request, route, path_parts):
            return None
        log.warning("refused %s %s to user %s", request.method, route or view_name, request.user.pk)
        return JsonResponse({"detail": "Not found."}, status=404)

    def process_template_response(self, request, response):
        """Takes the model's outlines of blind tasks out of what a view answers a reader."""
        if request.user.is_authenticated and _is_reader(request.user):
            hide_from_blind(getattr(response, "data", None), _assisted)
        return response

    def _permits(self, request, route, path_parts):
        # other tokens would be looked at after us, by the view, and could belong to somebody else
        kind_of_token = request.headers.get("Authorization", "Bearer").split()[:1]
        if [kind.lower() for kind in kind_of_token] != ["bearer"]:
            return False
        try:
            named = named_ids(request, route, path_parts)
            reader = not request.user.is_authenticated or _is_reader(request.user)
            if reader and (not allowed_for_reader(request, route) or asks_about_predictions(named_values(request))):
                return False
        except Unreadable:
            return False
        if not request.user.is_authenticated:
            return True  # the view itself asks for a log-in
        return _all_own(request, route, named, reader)


def _is_reader(user):
    """Everybody but the service account that made the organisation."""
    return user.active_organization is None or user.active_organization.created_by_id != user.pk


def _is_front_end(path_parts):
    """Whether a view that serves files, if it is one, serves the front end's."""
    root = path_parts.get("document_root")
    return root is None or str(root) in {str(getattr(settings, name)) for name in FRONT_END}


def _assisted(task_ids):
    tasks, _ = _model("task")
    return set(tasks.objects.filter(pk__in=task_ids, meta__exposure="assisted").values_list("pk", flat=True))


def _all_own(request, route, named, reader):
    organisation = request.user.active_organization
    if organisation is None or (route == FILES and not _within_own_folder(request, organisation)):
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

"""What a reader's browser may ask for, by the name of the route; what is not here does not exist for readers."""

READ = frozenset({"GET", "HEAD", "OPTIONS"})
WRITE = READ | {"POST", "PUT", "PATCH", "DELETE"}

PUBLIC_VIEWS = frozenset({"core.utils.static_serve.serve", "core.views.serve_file"})
"""Views without a route name: the front end's own files."""

PUBLIC = {
    "user-login": READ | {"POST"},
    "logout": READ | {"POST"},
    "token_refresh": frozenset({"POST"}),
    "jwt_auth:token_refresh": frozenset({"POST"}),
    "health": READ,
    "version": READ,
    "api-version": READ,
}
"""Needs no log-in."""

READER = {
    "main": READ,
    "user-account": READ,
    "feature_flags": READ,
    "projects:project-index": READ,
    "data_manager:project-data": READ,
    "storages:localfiles_data": READ,
    "user-list": READ,
    "user-detail": READ,
    "current-user-whoami": READ,
    "current-user-hotkeys": READ | {"PATCH"},
    "product-tour": READ | {"PATCH", "PUT"},
    "projects:api:project-list": READ,
    "projects:api:project-counts-list": READ,
    "projects:api:project-detail": READ,
    "projects:api:project-next": READ,
    "projects:api:label-stream-history": READ,
    "projects:api:project-summary": READ,
    "data_manager:api:view-list": READ,
    "data_manager:api:view-detail": READ,
    "data_manager:dm-columns": READ,
    "data_manager:dm-project": READ,
    "data_manager:dm-actions": READ | {"POST"},
    "ml:api:ml-list": READ,
    "labels_manager:api-labels:label_link-list": READ,
    "tasks:api:task-list": READ,
    "tasks:api:task-detail": READ,
    "tasks:api:task-annotations": READ | {"POST"},
    "tasks:api:task-drafts": READ | {"POST"},
    "tasks:api:task-annotations-drafts": READ | {"POST"},
    "tasks:api-annotations:annotation-detail": WRITE,
    "tasks:api-annotations:annotation-convert-to-draft": READ | {"POST"},
    "tasks:api-drafts:draft-detail": WRITE,
}

MUST_NAME_A_PROJECT = {
    "tasks:api:task-list": ("project", "view"),
    "data_manager:api:view-list": ("project",),
    "data_manager:dm-columns": ("project",),
    "data_manager:dm-project": ("project",),
    "data_manager:dm-actions": ("project",),
    "ml:api:ml-list": ("project",),
    "labels_manager:api-labels:label_link-list": ("project",),
}
"""Lists that Label Studio would fill from everywhere, or from project 1, unless the query narrows them."""

ACTIONS = frozenset({"next_task"})
"""What a reader may do by `POST /api/dm/actions?id=…`."""


def allowed_for_anyone(route: str, view: str, method: str) -> bool:
    return (view in PUBLIC_VIEWS and method in READ) or method in PUBLIC.get(route, ())


def allowed_for_reader(request: object, route: str) -> bool:
    """Whether a reader may call this route with this method and query; ownership of ids is another question."""
    if request.method not in READER.get(route, ()):
        return False
    narrowing = MUST_NAME_A_PROJECT.get(route)
    if narrowing and not any(request.GET.get(name) for name in narrowing):
        return False
    acts = route == "data_manager:dm-actions" and request.method == "POST"
    return not acts or set(request.GET.getlist("id")) <= ACTIONS

"""Runs in Label Studio's own Python, beside its server: what the walk needs to know and to have in the database.

    python inside.py open     gives both readers one object of every kind; prints routes, names of keys and rows
    python inside.py rows     prints the other reader's rows and files
    python inside.py close    removes what `open` made

Reads `{"own": reader, "other": reader}` from the standard input, a reader being `{"organisation", "user", "folder"}`.
"""

import json
import shutil
import sys
from importlib.util import find_spec
from pathlib import Path

import django
from django.apps import apps
from django.conf import settings
from django.core.exceptions import FieldError
from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from django.urls import Resolver404, get_resolver, resolve
from django.urls.resolvers import URLPattern
from django.utils.regex_helper import normalize

IDS = {"own": 9100001, "other": 9200002}
"""Every object that `open` makes has its reader's number, whatever its kind: it fits every place of every route. Only
storages to export to have the next one, because they share a table with those to import from."""
MARKS = {"own": "marked-own-9f2c", "other": "marked-other-77ab"}
STRAY, STRAY_SCORE = "-predicted", 0.51937
"""By what the prediction of the task, which is a blind case, is known."""
FILES = "^data/local-files/"
"""The route that names its object in the query."""
PEOPLE = ("organizations.Organization", "users.User")
WAYS = (
    *("organization", "active_organization", "project__organization", "task__project__organization"),
    *("annotation__project__organization", "prediction__project__organization", "storage__project__organization"),
    *("ml_backend__project__organization", "webhook__organization", "label__organization"),
    *("user__active_organization", "view__project__organization", "created_by__active_organization"),
)
"""Lookups by which a row belongs to an organisation; the first that a table knows counts."""


def objects(whose, reader):
    """(kind of Label Studio, its fields) for one object of every kind; the mark makes it known wherever it shows."""
    number, mark, user = IDS[whose], MARKS[whose], reader["user"]
    folder = Path(reader["folder"])
    (folder / "walk").mkdir(parents=True, exist_ok=True)
    (folder / "walk" / "marked.txt").write_text(mark)
    upload = default_storage.save(f"upload/{number}/{mark}.txt", ContentFile(mark.encode()))
    snapshot = default_storage.save(f"export/{number}/{mark}.json", ContentFile(mark.encode()))
    first = _model("projects.Project").objects.filter(organization=reader["organisation"]).order_by("pk").first()
    project, task = {"project_id": number}, {"task_id": number, "project_id": number}
    dead = "http://127.0.0.1:9/"
    drawn = [{"id": mark, "type": "polygonlabels", "value": {"points": [], "polygonlabels": [mark]}}]
    yield (
        "projects.Project",
        {
            "title": mark,
            "organization_id": reader["organisation"],
            "created_by_id": first.created_by_id,
            "label_config": first.label_config,
            "model_version": mark,
            "show_collab_predictions": False,
        },
    )
    yield "data_import.FileUpload", project | {"user_id": user, "file": upload}
    # the case is blind: its prediction got here by mistake
    yield "tasks.Task", project | {"data": {"study": mark}, "meta": {"exposure": "blind"}, "file_upload_id": number}
    stray = {"result": [drawn[0] | {"id": f"{mark}{STRAY}"}], "score": STRAY_SCORE, "model_version": f"{mark}{STRAY}"}
    yield "tasks.Prediction", task | stray
    yield "tasks.Annotation", task | {"result": drawn, "completed_by_id": user, "parent_prediction_id": number}
    yield "tasks.AnnotationDraft", {"task_id": number, "result": drawn, "user_id": user}
    yield "data_manager.View", project | {"data": {"title": mark}, "user_id": user}
    yield "webhooks.Webhook", project | {"organization_id": reader["organisation"], "url": dead + mark}
    yield "ml.MLBackend", project | {"url": dead + mark, "title": mark, "basic_auth_pass": mark}
    yield "ml.MLBackendTrainJob", {"ml_backend_id": number, "job_id": mark}
    for kind in ("LocalFilesImportStorage", "LocalFilesExportStorage", "S3ImportStorage"):
        place = {"path": str(folder / "walk")} if "Local" in kind else {"bucket": mark}
        yield f"io_storages.{kind}", {"id": number + ("Export" in kind)} | project | {"title": mark} | place
    yield "data_export.Export", project | {"title": mark, "file": snapshot, "created_by_id": user}
    label = {"organization_id": reader["organisation"], "created_by_id": user, "title": mark, "value": [mark]}
    yield "labels_manager.Label", label
    yield "labels_manager.LabelLink", project | {"label_id": number, "from_name": mark}
    yield "projects.ProjectImport", project | {"error": mark}
    yield "projects.ProjectReimport", project | {"error": mark}


def make(whose, reader):
    """Straight into the tables: no signal, no webhook, no default. What a broken run left is removed first."""
    remove(whose, reader)
    made = []
    for kind, fields in objects(whose, reader):
        model = _model(kind)
        row = model(**{"id": IDS[whose]} | fields)
        if model._meta.parents:
            row.save()
        else:
            model._base_manager.bulk_create([row])
        made.append(kind)
    return made


def remove(whose, reader):
    for kind in ("projects.Project", "labels_manager.Label"):
        _model(kind)._base_manager.filter(pk=IDS[whose]).delete()
    for path in (Path(reader["folder"]) / "walk", *Path(settings.MEDIA_ROOT).glob(f"*/{IDS[whose]}")):
        shutil.rmtree(path, ignore_errors=True)


def routes(readers):
    """Every pattern of the URL table: its name, its path with the own and with the other reader's ids, its view."""
    return [route for parts, pattern in _patterns(get_resolver(), ()) for route in _filled(parts, pattern, readers)]


def _patterns(resolver, parts):
    for pattern in resolver.url_patterns:
        inner = (*parts, pattern.pattern)
        if isinstance(pattern, URLPattern):
            yield inner, pattern
        else:
            yield from _patterns(pattern, inner)


def _filled(parts, pattern, readers):
    regex = "".join(part.regex.pattern.removeprefix("^").removesuffix(r"\Z") for part in parts)
    route = "".join(str(part) for part in parts)
    template, names = max(normalize(regex), key=lambda possible: len(possible[1]))
    paths = {}
    for whose in IDS:
        values = _values(route, whose, readers[whose])
        unknown = set(names) - set(values)
        if unknown:
            raise SystemExit(f"the walk does not know what to put for {sorted(unknown)} in {route}")
        paths[whose] = "/" + template % {name: values[name] for name in names}
        if route == FILES:
            paths[whose] += f"?d={Path(readers[whose]['folder']).name}/walk/marked.txt"
    yield {
        "route": route,
        "view": f"{pattern.callback.__module__}.{getattr(pattern.callback, '__name__', '')}",
        "own": paths["own"],
        "other": paths["other"],
        "objects": paths["own"] != paths["other"],
        **_served(paths["other"].partition("?")[0], route),
    }


def _served(path, route):
    """The name under which the path is really served, and whether an earlier pattern of the table does it."""
    try:
        match = resolve(path)
    except Resolver404:
        raise SystemExit(f"the walk's path {path} does not lead to {route}") from None
    # Django leaves out some of the signs for "begins here"
    return {"name": match.view_name, "shadowed": match.route.replace("^", "") != route.replace("^", "")}


def _values(route, whose, reader):
    """What stands for each named part of a path."""
    number, mark = IDS[whose], MARKS[whose]
    people = {"organizations/": reader["organisation"], "users/": reader["user"]}
    pk = next((value for part, value in people.items() if part in route), number + ("storages/export" in route))
    numbers = ("export_pk", "import_pk", "reimport_pk", "annotation_id", "task_id", "project_id", "entity_id")
    return dict.fromkeys(numbers, number) | {
        **{"pk": pk, "id": pk, "object_id": pk, "user_pk": reader["user"]},
        **{
            "format": ".json" if "drf_format_suffix" in route else "json",
            "entity_name": "task",
            "action_id": "delete_tasks",
        },
        **{"filename": f"upload/{number}/{mark}.txt", "path": f"{mark}.txt", "sub_path": "labeling", "url": "nothing"},
        **{"app_label": "tasks", "content_type_id": 1, "token": "abc"},
        **{"queue_index": 0, "scheduler_index": 0, "job_id": mark, "key": mark},
    }


def keys(readers):
    """Names by which rows refer to other rows, each with the other reader's id that it could carry."""
    found = {}
    for model in apps.get_models():
        for field in model._meta.concrete_fields + model._meta.many_to_many:
            target = field.remote_field and field.remote_field.model
            if (
                target is None
                or field.name.endswith("_ptr")
                or target._meta.app_label in ("auth", "contenttypes", "admin", "fsm")
            ):
                continue
            person = dict(zip(PEOPLE, ("organisation", "user"), strict=True)).get(target._meta.label)
            number = readers["other"][person] if person else IDS["other"]
            if person or _other_has(target):
                found |= {field.name: number, field.attname: number}
    return found


def _other_has(model):
    return model._base_manager.filter(pk=IDS["other"]).exists()


def rows(reader):
    """Every row that belongs to the reader's organisation, by table, and the content of the reader's files."""
    organisation, found = reader["organisation"], {}
    for model in apps.get_models():
        for way in ("pk",) if model._meta.label == PEOPLE[0] else WAYS:
            try:
                kept = model._base_manager.filter(**{way: organisation}).order_by("pk").values()
                found[model._meta.label] = json.loads(json.dumps(list(kept), default=str))
            except FieldError:
                continue
            break
    media = Path(settings.MEDIA_ROOT).glob(f"*/{IDS['other']}*/*")
    files = [file for file in (*Path(reader["folder"]).rglob("*"), *media) if file.is_file()]
    return found | {"files": {str(file): file.stat().st_size for file in files}}


def legacy_token(user):
    return _model("authtoken.Token").objects.get_or_create(user_id=user)[0].key


def _model(label):
    return apps.get_model(label)


def main(command):
    sys.path.insert(0, str(Path(find_spec("label_studio").origin).parent))
    django.setup()
    readers = json.load(sys.stdin)
    list(get_resolver().url_patterns)  # some tables are known only once the views are
    told = {}
    if command == "open":
        kinds = [make(whose, reader) for whose, reader in readers.items()]
        told = {"kinds": kinds[0], "number": IDS["other"], "mark": MARKS["other"], "own_number": IDS["own"]}
        told |= {"stray": [f"{MARKS['own']}{STRAY}", str(STRAY_SCORE)]}
        told |= {"legacy_token": legacy_token(readers["own"]["user"]), "keys": keys(readers), "routes": routes(readers)}
    if command == "close":
        for whose, reader in readers.items():
            remove(whose, reader)
    else:
        told["rows"] = rows(readers["other"])
    print(json.dumps(told))  # noqa: T201


if __name__ == "__main__":
    main(sys.argv[1])

"""Children decide as their parent would, and Label Studio hears nothing that could open it."""

from backend.services.environment import label_studio_environment, service_environment
from backend.settings import load_settings


def test_a_child_reads_the_same_settings(settings, monkeypatch):
    chosen = load_settings(home=settings.home, web_port=18001, readers=("a", "b"), exposure="none", encoder="resnet18")
    for name, value in service_environment(chosen).items():
        if name.startswith("SCINTILOOP_"):
            monkeypatch.setenv(name, value)
    assert load_settings() == chosen.model_copy(update={"home": chosen.home.absolute()})


def test_label_studio_inherits_no_setting_of_the_shell(settings, monkeypatch):
    for name in ("LABEL_STUDIO_USERNAME", "DEBUG", "LABEL_STUDIO_ENABLE_LEGACY_API_TOKEN", "PYTHONPATH", "HOST"):
        monkeypatch.setenv(name, "true")
    environment = label_studio_environment(settings)
    assert environment["DEBUG"] == "false"
    assert not {"LABEL_STUDIO_USERNAME", "LABEL_STUDIO_ENABLE_LEGACY_API_TOKEN", "HOST"} & set(environment)
    assert environment["PYTHONPATH"].endswith("label_studio_site")


def test_label_studio_moves_to_postgresql_by_environment(settings, monkeypatch):
    assert label_studio_environment(settings)["DJANGO_DB"] == "sqlite"
    monkeypatch.setenv("DJANGO_DB", "default")
    monkeypatch.setenv("POSTGRE_HOST", "database")
    environment = label_studio_environment(settings)
    assert (environment["DJANGO_DB"], environment["POSTGRE_HOST"]) == ("default", "database")


def test_label_studio_keeps_its_signing_key(settings):
    assert label_studio_environment(settings)["SECRET_KEY"] == label_studio_environment(settings)["SECRET_KEY"]

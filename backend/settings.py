"""One Settings: from the environment (`SCINTILOOP_*`), then `$SCINTILOOP_HOME/config.toml`, then these defaults."""

import hashlib
import os
from pathlib import Path
from typing import Literal
from urllib.parse import quote, urlsplit, urlunsplit

from pydantic import Field, ValidationError
from pydantic_settings import BaseSettings, PydanticBaseSettingsSource, SettingsConfigDict, TomlConfigSettingsSource
from pydantic_settings import SettingsError as UnreadableSetting

from backend.errors import SettingsError
from backend.records import AgreementRules, GateRules

DEFAULT_HOME = Path(".scintiloop")
EVERY_INTERFACE = ("0.0.0.0", "::")  # noqa: S104
LONGEST_SOCKET_PATH = 100
"""Bytes; macOS allows 103, Linux 107."""


class Settings(BaseSettings):
    """Every setting, its default and its unit."""

    model_config = SettingsConfigDict(env_prefix="SCINTILOOP_", extra="forbid", frozen=True)

    home: Path = DEFAULT_HOME
    database_url: str | None = None
    """SQLAlchemy URL; the SQLite file in the home where empty."""
    database_password_file: Path | None = None
    """File with the password that `database_url` leaves out."""
    broker_url: str | None = None
    """Redis-protocol URL; a Valkey of our own on a socket in the home where empty."""
    secrets_dir: Path | None = None
    """Folder of secret files; `secrets` in the home where empty."""
    accounts_dir: Path | None = None
    """Folder of the accounts made here and their generated passwords; the folder of secret files where empty."""

    bind: str = "127.0.0.1"
    web_port: int = Field(8470, ge=1, le=65535)
    ml_backend_port: int = Field(8471, ge=1, le=65535)
    label_studio_port: int = Field(8472, ge=1, le=65535)
    https: bool = False
    """The web pages are behind HTTPS: log-in cookies go over nothing else."""
    proxies: int = Field(0, ge=0)
    """How many reverse proxies stand before the web pages, and so how far X-Forwarded-For is believed."""
    label_studio_url: str | None = None
    """Where readers and services reach Label Studio; the one that `up` starts where empty."""
    label_studio_public_url: str | None = None
    """Where readers' browsers reach Label Studio, for the link on their page; as the services do where empty."""
    ml_backend_url: str | None = None
    """Where Label Studio reaches the ML backend; the one that `up` starts where empty."""
    label_studio_python: Path | None = None
    """Python of Label Studio's own virtual environment."""
    readers: tuple[str, ...] = ("reader 1", "reader 2")
    """Who reads in Label Studio; each gets an organisation, a project and a log-in of their own."""

    seed: int = 0
    test_share: float = Field(0.2, ge=0, lt=1)
    """Share of patients that the keyed hash sequesters."""
    exposure: Literal["alternate", "both", "none"] = "alternate"
    """Which readers see the model's outlines first: one of the two, both, or none."""
    control_share: float = Field(0.1, ge=0, lt=1)
    """Share of studies that a seeded draw puts into the control arm, blind for every reader."""
    repeat_share: float = Field(0.05, ge=0, lt=1)
    """Share of a reader's studies that come again, hidden, for intra-reader agreement."""
    repeat_days: float = Field(14, ge=0)
    """Days after a reading before the same reader may be shown the study again."""
    closed_data: bool = False
    """The whole home is a finished data set (the study's own split is allowed, its models never serve)."""

    match_iou: float = Field(0.1, gt=0, le=1)
    dice_floor: float = Field(0.7, ge=0, le=1)
    """Readers' lesion Dice below this calls for adjudication."""
    unmatched_lesion_pixels: int = Field(30, ge=1)
    """An unmatched lesion of at least this many grid pixels calls for adjudication."""
    bladder_dice_floor: float = Field(0.5, ge=0, le=1)
    """Readers' bladder Dice below this calls for adjudication …"""
    bladder_pixels: int = Field(100, ge=1)
    """… where they also differ in at least this many grid pixels."""

    consensus: Literal["physician", "majority", "staple"] = "physician"
    """Who settles a projection that three or more have read: a physician as with two, or a rule over all readings."""

    oidc_issuer: str | None = None
    """Address of the identity provider; accounts log in through it as well where set."""
    oidc_client_id: str | None = None
    oidc_client_secret_file: Path | None = None
    session_hours: float = Field(12, gt=0)
    """How long a log-in to the pages lasts without use."""

    day_one: bool = True
    """A new home's first champion is the model that comes with Scintiloop, trained on simulated scans alone."""
    encoder: str | None = None
    """U-Net encoder; the champion's where empty, and without one ResNet34 on a GPU, a small one without."""
    train_steps: int | None = Field(None, ge=1)
    """U-Net steps of one run; the recipe's own number where empty."""
    train_processes: int | None = Field(None, ge=1)
    """Processes that share the steps of a run; one for each GPU, or one, where empty."""
    checkpoint_steps: int = Field(50, ge=1, le=50)
    train_attempts: int = Field(3, ge=1)
    """How often a run is started again after its worker died."""
    retrain_after_references: int | None = Field(None, ge=1)
    """A run starts by itself after so many new references; never where empty …"""
    retrain_quiet_minutes: float = Field(30, ge=0)
    """… once no reference has come for so many minutes."""
    retrain_every_days: float | None = Field(None, gt=0)
    """A run starts by itself when the last one is so many days old and a reference is new; never where empty."""
    auto_promote: bool = False
    gate_lesion_floor: float = Field(0.3, ge=0, le=1)
    """Mean lesion Dice below which the gate holds a model."""
    gate_bladder_floor: float = Field(0.5, ge=0, le=1)
    """Mean bladder Dice below which the gate holds a model."""
    gate_slice_margin: float = Field(0.05, gt=0, le=1)
    """Dice that no slice of the test patients may be shown to lose."""
    gate_slice_patients: int = Field(10, ge=2)
    """Patients from which a slice is judged."""
    mlflow_url: str | None = None
    """MLflow tracking server that is told of every finished run; nobody is told where empty."""
    mlflow_token_file: Path | None = None
    """File with the token of an MLflow server that asks for one."""
    reconcile_seconds: int = Field(60, ge=5)
    visibility_seconds: int = Field(60, ge=3)
    """How long the broker waits for a sign of life before it gives a dead worker's task to another."""

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        home = init_settings().get("home") or env_settings().get("home") or DEFAULT_HOME
        return (
            init_settings,
            env_settings,
            TomlConfigSettingsSource(settings_cls, toml_file=Path(home) / "config.toml"),
        )

    @property
    def agreement_rules(self) -> AgreementRules:
        return AgreementRules(
            self.match_iou,
            self.dice_floor,
            self.unmatched_lesion_pixels,
            self.bladder_dice_floor,
            self.bladder_pixels,
        )

    @property
    def gate_rules(self) -> GateRules:
        return GateRules(
            self.gate_lesion_floor, self.gate_bladder_floor, self.gate_slice_margin, self.gate_slice_patients
        )

    @property
    def database(self) -> str:
        if self.database_url and self.database_password_file:
            return _with_password(self.database_url, self.database_password_file)
        return self.database_url or f"sqlite:///{(self.home / 'scintiloop.db').absolute()}"

    @property
    def secrets(self) -> Path:
        return self.secrets_dir or self.home / "secrets"

    @property
    def accounts(self) -> Path:
        return self.accounts_dir or self.secrets

    @property
    def broker(self) -> str:
        return self.broker_url or f"redis+socket://{self.broker_socket}"

    @property
    def web_address(self) -> str:
        return self._local_address(self.web_port)

    @property
    def label_studio_address(self) -> str:
        return self.label_studio_url or self._local_address(self.label_studio_port)

    @property
    def label_studio_link(self) -> str:
        """Label Studio as a reader's browser reaches it."""
        return self.label_studio_public_url or self.label_studio_address

    @property
    def ml_backend_address(self) -> str:
        return self.ml_backend_url or self._local_address(self.ml_backend_port)

    def _local_address(self, port: int) -> str:
        """URL on this machine of a service of ours that listens on `port`."""
        return f"http://{'127.0.0.1' if self.bind in EVERY_INTERFACE else self.bind}:{port}"

    @property
    def broker_socket(self) -> Path:
        """Where our own broker listens: in the home, or in a private folder under /tmp where that path is too long."""
        socket = self.home.absolute() / "run" / "broker.sock"
        if len(os.fsencode(socket)) <= LONGEST_SOCKET_PATH:
            return socket
        digest = hashlib.sha256(os.fsencode(self.home.resolve())).hexdigest()[:16]
        return Path("/tmp") / f"scintiloop-{os.getuid()}-{digest}" / "broker.sock"  # noqa: S108 (the folder is checked)


def _with_password(url: str, file: Path) -> str:
    """Raises: SettingsError: the file cannot be read, or the URL has no user or a password already."""
    parts = urlsplit(url)
    if not parts.username or parts.password:
        raise SettingsError("database_password_file is for a database_url with a user and no password; mend either")
    try:
        password = file.read_text(encoding="utf-8").strip()
    except OSError as error:
        raise SettingsError(f"database_password_file {file} cannot be read: {error.strerror}; mend it") from None
    user, _, place = parts.netloc.rpartition("@")
    return urlunsplit(parts._replace(netloc=f"{user}:{quote(password, safe='')}@{place}"))


def load_settings(**overrides: object) -> Settings:
    """The settings in force.

    Raises:
        SettingsError: a setting has an impossible value or an unknown name; names it.
    """
    try:
        return Settings(**overrides)  # type: ignore[arg-type]
    except ValidationError as error:
        first = error.errors()[0]
        name = ".".join(str(part) for part in first["loc"])
        raise SettingsError(
            f"setting {name}: {first['msg']} (got {first.get('input')!r}); "
            f"mend SCINTILOOP_{name.upper()} or config.toml"
        ) from None
    except UnreadableSetting as error:
        raise SettingsError(f'{error}; a list is written as JSON, such as ["a", "b"]') from None
    except (OSError, ValueError) as error:
        raise SettingsError(f"config.toml cannot be read: {error}") from None

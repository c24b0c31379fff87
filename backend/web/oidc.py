"""Log-in through the hospital's identity provider (OpenID Connect): authorisation code with PKCE, state and nonce.

The provider says who somebody is; who may log in, and as what, stands in our own accounts.
"""

from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from authlib.integrations.base_client import OAuthError
from authlib.integrations.flask_client import OAuth
from flask import Blueprint, Flask, current_app, render_template, session, url_for
from joserfc.errors import JoseError
from requests import RequestException
from werkzeug.wrappers import Response

from backend.errors import SettingsError
from backend.settings import Settings
from backend.store.provider_accounts import account_of_provider
from backend.web.guard import Person, settings
from backend.web.login import begin
from backend.web.words import gettext as _

pages = Blueprint("oidc", __name__, url_prefix="/oidc")

NAME = "provider"
TIMEOUT_SECONDS = 10
LOOPBACK = ("127.0.0.1", "::1", "localhost")
SIGNATURES = ("RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512", "EdDSA")
"""By a key of the provider's own: neither unsigned nor by a secret that we hold too."""


@dataclass(frozen=True)
class Provider:
    """What the three settings say."""

    issuer: str
    client_id: str
    client_secret: str

    @property
    def host(self) -> str:
        return urlsplit(self.issuer).netloc


def provider_of(chosen: Settings) -> Provider | None:
    """The identity provider of these settings, None where none is set.

    Raises:
        SettingsError: only some of the three are set, the secret cannot be read, or the issuer's address is not safe.
    """
    names = ("oidc_issuer", "oidc_client_id", "oidc_client_secret_file")
    missing = [name for name in names if not getattr(chosen, name)]
    if len(missing) == len(names):
        return None
    if missing:
        raise SettingsError(f"{' and '.join(missing)} must be set too: log-in by OIDC takes {', '.join(names)}")
    return Provider(_issuer(str(chosen.oidc_issuer)), str(chosen.oidc_client_id), _secret(chosen))


def teach(app: Flask) -> None:
    """Makes the client where the settings name a provider, and its pages."""
    provider = provider_of(app.config["SCINTILOOP"])
    app.extensions["oidc"] = provider
    app.jinja_env.globals["provider"] = provider.host if provider else None
    if provider is None:
        return
    app.register_blueprint(pages)
    OAuth(app).register(
        NAME,
        client_id=provider.client_id,
        client_secret=provider.client_secret,
        server_metadata_url=f"{provider.issuer.rstrip('/')}/.well-known/openid-configuration",
        client_kwargs={
            "scope": "openid email",
            "code_challenge_method": "S256",
            "default_timeout": TIMEOUT_SECONDS,
        },
    )


@pages.get("/start")
def start() -> Any:
    for old in [key for key in session if key.startswith(f"_state_{NAME}")]:
        del session[old]
    try:
        return _client().authorize_redirect(url_for("oidc.come_back", _external=True))
    except (RequestException, ValueError, RuntimeError):
        return _refuse(_("the identity provider does not answer; try again later, or log in by password"), 503)


@pages.get("/callback")
def come_back() -> Response | tuple[str, int]:
    """Where the provider sends the browser back to."""
    try:
        claims = _claims()
    except (OAuthError, JoseError, ValueError, KeyError) as error:
        # its words may quote the token
        current_app.logger.warning("log-in through the identity provider failed: %s", type(error).__name__)
        return _refuse(_("the identity provider's answer cannot be trusted; log in again"), 400)
    except (RequestException, RuntimeError):
        return _refuse(_("the identity provider does not answer; try again later, or log in by password"), 503)
    issuer = current_app.extensions["oidc"].issuer
    verified = claims.get("email_verified") is True
    email = str(claims["email"]) if verified and claims.get("email") else None
    account = account_of_provider(settings(), issuer, str(claims["sub"]), email)
    if account is None:
        return _refuse(
            _("nobody here has this log-in of the identity provider; ask an administrator for an account"), 403
        )
    return begin(Person(account), how="identity provider")


def _claims() -> dict[str, Any]:
    """What the provider's signed token says, checked: signature, issuer, audience, nonce and time.

    Raises:
        OAuthError, JoseError, ValueError, KeyError: it does not hold.
        RequestException, RuntimeError: the provider does not answer, or not as one.
    """
    provider, client = current_app.extensions["oidc"], _client()
    _admit_signatures(client)
    options = {
        "iss": {"essential": True, "value": provider.issuer},
        "aud": {"essential": True, "value": provider.client_id},
    }
    token = client.authorize_access_token(claims_options=options)
    claims = dict(token["userinfo"])
    if claims.get("email") is None and client.load_server_metadata().get("userinfo_endpoint"):
        more = client.userinfo(token=token)
        if more.get("sub") != claims["sub"]:
            raise ValueError("the two answers are about different people")
        claims |= {name: more.get(name) for name in ("email", "email_verified")}
    return claims


def _admit_signatures(client: Any) -> None:
    offered = client.load_server_metadata().get("id_token_signing_alg_values_supported") or ["RS256"]
    client.server_metadata["id_token_signing_alg_values_supported"] = [one for one in offered if one in SIGNATURES]


def _client() -> Any:
    return current_app.extensions["authlib.integrations.flask_client"].create_client(NAME)


def _refuse(sentence: str, code: int) -> tuple[str, int]:
    return render_template("login.html", problem=sentence), code


def _issuer(address: str) -> str:
    parts = urlsplit(address)
    if parts.scheme != "https" and parts.hostname not in LOOPBACK:
        raise SettingsError(f"oidc_issuer {address} is not https: whoever is between could log in as anybody")
    return address


def _secret(chosen: Settings) -> str:
    try:
        found = chosen.oidc_client_secret_file.read_text(encoding="utf-8").strip()  # type: ignore[union-attr]
    except (OSError, UnicodeDecodeError):
        found = ""
    if not found:
        raise SettingsError(
            f"oidc_client_secret_file {chosen.oidc_client_secret_file} is empty or cannot be read; "
            "put the secret that the identity provider gave into it"
        )
    return found

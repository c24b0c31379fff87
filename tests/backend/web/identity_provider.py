"""A small but real OpenID provider on 127.0.0.1: discovery, keys, signed tokens, PKCE; it can be told to misbehave."""

import base64
import hashlib
import secrets
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlencode

from authlib.oauth2.rfc6749.util import scope_to_list
from flask import Flask, Response, abort, jsonify, redirect, request
from joserfc import jwt
from joserfc.jwk import RSAKey
from werkzeug.serving import make_server

CLIENT, SECRET = "scintiloop", "the client's secret"


@dataclass
class IdentityProvider:
    """Whoever comes is `person`; `changed` replaces claims of the token, `signed_by` its key."""

    issuer: str = ""
    person: dict[str, Any] = field(
        default_factory=lambda: {"sub": "u-1", "email": "engineer@scintiloop.local", "email_verified": True}
    )
    changed: dict[str, Any] = field(default_factory=dict)
    userinfo: dict[str, Any] | None = None
    key: RSAKey = field(default_factory=lambda: RSAKey.generate_key(2048, {"kid": "1", "use": "sig", "alg": "RS256"}))
    signed_by: RSAKey | None = None
    unsigned: bool = False
    asked: dict[str, str] = field(default_factory=dict)
    codes: dict[str, dict[str, str]] = field(default_factory=dict)

    def token(self, nonce: str) -> str:
        now = int(time.time())
        claims = {"iss": self.issuer, "aud": CLIENT, "iat": now, "exp": now + 60, "nonce": nonce} | self.person
        claims = {name: value for name, value in (claims | self.changed).items() if value is not None}
        if self.unsigned:
            return jwt.encode({"alg": "none"}, claims, self.key, algorithms=["none"])
        return jwt.encode({"alg": "RS256", "kid": self.key.kid}, claims, self.signed_by or self.key)

    def app(self) -> Flask:
        app = Flask("identity provider")
        app.add_url_rule("/.well-known/openid-configuration", view_func=self.configuration)
        app.add_url_rule("/keys", view_func=self.keys)
        app.add_url_rule("/authorize", view_func=self.authorize)
        app.add_url_rule("/token", view_func=self.exchange, methods=["POST"])
        app.add_url_rule("/userinfo", view_func=self.tell)
        return app

    def configuration(self) -> Response:
        return jsonify(
            issuer=self.issuer,
            authorization_endpoint=f"{self.issuer}/authorize",
            token_endpoint=f"{self.issuer}/token",
            jwks_uri=f"{self.issuer}/keys",
            userinfo_endpoint=f"{self.issuer}/userinfo",
            id_token_signing_alg_values_supported=["none", "HS256", "RS256"],
        )

    def keys(self) -> Response:
        return jsonify(keys=[self.key.as_dict(private=False)])

    def authorize(self) -> Any:
        self.asked = request.args.to_dict()
        assert self.asked["response_type"] == "code"
        assert {"openid", "email"} <= set(scope_to_list(self.asked["scope"]) or [])
        code = secrets.token_urlsafe(8)
        self.codes[code] = self.asked
        return redirect(f"{self.asked['redirect_uri']}?{urlencode({'code': code, 'state': self.asked['state']})}")

    def exchange(self) -> Response:
        given, credentials = request.form, request.authorization
        assert credentials
        if (credentials.username, credentials.password) != (CLIENT, SECRET):
            abort(401)
        asked = self.codes.pop(given["code"], None) or abort(400)
        challenge = hashlib.sha256(given["code_verifier"].encode()).digest()
        if asked["code_challenge_method"] != "S256" or asked["redirect_uri"] != given["redirect_uri"]:
            abort(400)
        if base64.urlsafe_b64encode(challenge).rstrip(b"=").decode() != asked["code_challenge"]:
            abort(400)
        return jsonify(access_token="opens the user info", token_type="Bearer", id_token=self.token(asked["nonce"]))

    def tell(self) -> Response:
        assert request.headers["Authorization"] == "Bearer opens the user info"
        return jsonify(self.userinfo or {"sub": self.person.get("sub")})


@contextmanager
def serving() -> Iterator[IdentityProvider]:
    """The provider, answering for as long as the block lasts."""
    provider = IdentityProvider()
    server = make_server("127.0.0.1", 0, provider.app(), threaded=True)
    provider.issuer = f"http://127.0.0.1:{server.server_port}"
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        yield provider
    finally:
        server.shutdown()
        thread.join()
        server.server_close()

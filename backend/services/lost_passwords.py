"""A new password for somebody who lost theirs: on the pages and, for a reader, the same one in Label Studio."""

from typing import Any

from backend.errors import NotFound
from backend.labelstudio.accounts import accounts as label_studio_accounts
from backend.services.label_studio import reset_reader
from backend.settings import Settings
from backend.store.account_changes import account_id_of, refuse_closed, reset_password
from backend.store.accounts import account, address
from backend.store.audit import record
from backend.store.session import open_session
from backend.store.tables import Account

PLACES = {"web": "the web pages", "label_studio": "Label Studio"}
ELSEWHERE = (
    "Label Studio runs elsewhere and has the old password still; a new one there: docker compose run --rm "
    "set-up-label-studio python /opt/label_studio_site/scintiloop_accounts.py reset "
    "/srv/scintiloop/accounts/label_studio_accounts.json {email}"
)


def reset(settings: Settings, email: str, by: str) -> dict[str, Any]:
    """Ends the sessions of the address in every place that it opens, under one new generated password.

    Returns:
        `{"where", "email", "password", "places", "hint"}`: the places that have it, of `PLACES`, `where` the first of
        them; the hint says what is still to be done elsewhere, or is None.

    Raises:
        NotFound: nobody has that address.
        WrongState: the account of the pages is closed.
        ServiceError: Label Studio did not do its part; then nothing is changed.
    """
    kept = address(email)
    reads_here = not settings.label_studio_url and any(
        one.email == kept for one in label_studio_accounts(settings).values()
    )
    on_pages = _on_pages(settings, kept, may_lack=reads_here)
    password = _reset_reader(settings, kept, by) if reads_here else None
    if on_pages is not None:
        password = reset_password(settings, on_pages.id, by, password)
    places = [place for place, has_it in (("web", on_pages is not None), ("label_studio", reads_here)) if has_it]
    told = settings.label_studio_url and on_pages is not None and on_pages.role == "reader"
    hint = ELSEWHERE.format(email=kept) if told else None
    return {"where": places[0], "email": kept, "password": password, "places": places, "hint": hint}


def _on_pages(settings: Settings, email: str, may_lack: bool) -> Account | None:
    try:
        found = account(settings, account_id_of(settings, email))
    except NotFound:
        if may_lack:
            return None
        raise
    if found is not None:
        refuse_closed(found)
    return found


def _reset_reader(settings: Settings, email: str, by: str) -> str:
    password = reset_reader(settings, email)
    with open_session(settings) as session:
        record(session, by, "password reset", account=email, where="label_studio")
    return password

"""Which account an identity provider's log-in opens: by its subject once noted, the first time by its e-mail."""

from sqlalchemy import select

from backend.settings import Settings
from backend.store.accounts import address
from backend.store.audit import record
from backend.store.session import open_session
from backend.store.tables import Account


def account_of_provider(settings: Settings, issuer: str, subject: str, verified_email: str | None) -> Account | None:
    """The active account of this person, None where there is none.

    Args:
        subject: the provider's unchanging name for the person.
        verified_email: an address that the provider vouches for; opens an account that is not yet tied to a subject.
    """
    name = f"{issuer} {subject}"
    with open_session(settings) as session:
        found = session.scalars(select(Account).where(Account.subject == name)).first()
        if found is None and verified_email:
            chosen = select(Account).where(Account.email == address(verified_email), Account.subject.is_(None))
            found = session.scalars(chosen.where(Account.active).with_for_update()).first()
            if found is not None:
                found.subject = name
                record(session, found.email, "identity noted", issuer=issuer)
        return found if found is not None and found.active else None

"""Organisations, users and tokens, made with Label Studio's own Python because its API cannot.

    python scintiloop_accounts.py ensure ACCOUNTS_FILE [READER...]  makes what is missing, writes the file (mode 0600)
    python scintiloop_accounts.py check ACCOUNTS_FILE               prints the readers whose generated password stands
    python scintiloop_accounts.py show ACCOUNTS_FILE                prints their log-ins
    python scintiloop_accounts.py reset ACCOUNTS_FILE EMAIL         gives a reader a new password and prints it

Without names, the readers are those of SCINTILOOP_READERS, a JSON list.

One organisation per reader: its service account made it and has no password, the reader has one.
"""

import json
import os
import secrets
import sys
from importlib.util import find_spec
from pathlib import Path

PASSWORD_BYTES = 12
DOMAIN = "scintiloop.local"


def main(arguments):
    command, file, *names = arguments
    _start_django()
    path = Path(file)
    accounts = json.loads(path.read_text(encoding="utf-8")) if path.exists() else {}
    if command == "ensure":
        _migrate()
        for name in names or json.loads(os.environ["SCINTILOOP_READERS"]):
            accounts[name] = _ensure(name, accounts.get(name) or {"number": len(accounts) + 1})
            _write(path, accounts)
        return
    if command == "reset":
        shown = _reset(path, accounts, *names)
    else:
        standing = {name: account for name, account in accounts.items() if _password_stands(account)}
        logins = {name: _login(account) for name, account in standing.items()}
        shown = list(standing) if command == "check" else logins
    print(json.dumps(shown))  # noqa: T201


def _start_django():
    sys.path.insert(0, str(Path(find_spec("label_studio").origin).parent))
    import django

    django.setup()


def _migrate():
    from django.core.management import call_command
    from django.db import connection
    from django.db.migrations.executor import MigrationExecutor

    executor = MigrationExecutor(connection)
    if executor.migration_plan(executor.loader.graph.leaf_nodes()):
        call_command("migrate", verbosity=0)


def _ensure(name, account):
    from django.db import transaction
    from organizations.models import Organization

    number = account["number"]
    with transaction.atomic():
        service, service_is_new = _user(f"service-{number}@{DOMAIN}", "Scintiloop", password=None)
        organisation = Organization.objects.filter(created_by=service).first() or Organization.create_organization(
            created_by=service, title=f"Reading room {number}"
        )
        email = f"reader-{number}@{DOMAIN}"
        password = account.get("password") or secrets.token_urlsafe(PASSWORD_BYTES)
        reader, reader_is_new = _user(email, name, password)
        if not reader_is_new and "password" not in account:
            reader.set_password(password)
            reader.save(update_fields=["password"])
        for user in (service, reader):
            organisation.add_user(user)
            user.active_organization = organisation
            user.save(update_fields=["active_organization"])
    return account | {
        "organisation": organisation.pk,
        "email": email,
        "password": password,
        "user": reader.pk,
        "reader_token": _token(reader, reader_is_new, account.get("reader_token")),
        "service_token": _token(service, service_is_new, account.get("service_token")),
    }


def _user(email, first_name, password):
    from users.models import User

    if user := User.objects.filter(email=email).first():
        return user, False
    return User.objects.create_user(email=email, password=password, first_name=first_name[:150]), True


def _token(user, is_new, kept):
    from jwt_auth.models import LSAPIToken

    return kept if kept and not is_new else LSAPIToken.for_user(user).get_full_jwt()


def _password_stands(account):
    from users.models import User

    user = User.objects.filter(pk=account["user"]).first()
    return bool(user and user.check_password(account["password"]))


def _login(account):
    return {key: account[key] for key in ("email", "password")}


def _reset(path, accounts, email):
    from django.db import transaction
    from users.models import User

    account = next((one for one in accounts.values() if one["email"] == email.strip().lower()), None)
    user = account and User.objects.filter(pk=account["user"]).first()
    if not user:
        known = ", ".join(one["email"] for one in accounts.values())
        sys.exit(f"{email} is no reader's address; the readers' are {known or 'not made yet'}")
    account["password"] = secrets.token_urlsafe(PASSWORD_BYTES)
    with transaction.atomic():  # a password that cannot be kept must not stand
        # Django ends the user's sessions by itself: their key is made of the password's hash
        user.set_password(account["password"])
        user.save(update_fields=["password"])
        _write(path, accounts)
    return _login(account)


def _write(path, accounts):
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    partial = path.with_suffix(".partial")
    descriptor = os.open(partial, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "w", encoding="utf-8") as file:
        json.dump(accounts, file, indent=1)
    partial.replace(path)


if __name__ == "__main__":
    main(sys.argv[1:])

"""Accounts are read from one secret file, and a file that cannot be used says so."""

import json

import pytest

from backend.errors import NotFound, SettingsError
from backend.labelstudio.accounts import account_of, accounts, accounts_file
from backend.labelstudio.project import open_project

KEPT = {
    "number": 2,
    "organisation": 5,
    "email": "reader-2@scintiloop.local",
    "password": "p",
    "user": 7,
    "reader_token": "r",
    "service_token": "s",
}


@pytest.fixture
def file(settings):
    path = accounts_file(settings)
    path.parent.mkdir(parents=True)
    return path


def test_a_home_without_label_studio_has_no_accounts(settings):
    assert accounts(settings) == {}


def test_an_account_knows_its_folder(settings, file):
    file.write_text(json.dumps({"Ada": KEPT}))
    account = account_of(settings, "Ada")
    assert (account.name, account.folder, account.user) == ("Ada", "reader-2", 7)


@pytest.mark.parametrize("content", ["", "[]", '{"Ada": {}}', '{"Ada": null}', '"x"'], ids=repr)
def test_a_file_that_cannot_be_used_is_named(settings, file, content):
    file.write_text(content)
    with pytest.raises(SettingsError, match=file.name):
        accounts(settings)


def test_an_unknown_reader_is_named(settings):
    with pytest.raises(NotFound, match="'Grace'"):
        account_of(settings, "Grace")
    with pytest.raises(NotFound, match="'Grace'"):
        open_project(settings, "Grace")

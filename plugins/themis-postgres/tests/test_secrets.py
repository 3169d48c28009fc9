"""The database's password: given by the environment, and shown nowhere."""

from __future__ import annotations

import traceback

import pytest
from themis_postgres.connections import Address
from themis_postgres.store import PostgresRunStore

from themis.errors import StorageError
from themis.specs import PostgresBlobStorageSpec

PASSWORD = "hunter2-and-more"
URLS = [
    f"postgresql://me:{PASSWORD}@127.0.0.1:9/runs",
    f"postgresql://me@127.0.0.1:9/runs?password={PASSWORD}",
]


def spec(url, tmp_path):
    return PostgresBlobStorageSpec(database_url=url, blob_root_dir=str(tmp_path))


def shown(raised):
    error = raised.value
    return "".join(traceback.format_exception(error)) + repr(error)


@pytest.mark.parametrize("url", URLS)
def test_a_password_in_the_spec_is_refused(url, tmp_path):
    with pytest.raises(StorageError, match="write 'env:NAME' and set NAME to the") as raised:
        PostgresRunStore(spec(url, tmp_path))
    assert PASSWORD not in shown(raised)


@pytest.mark.parametrize("url", URLS)
def test_a_server_that_cannot_be_reached_is_named_without_the_password(url, tmp_path, monkeypatch):
    monkeypatch.setenv("THEMIS_DATABASE", url)
    with pytest.raises(
        StorageError, match=r"postgresql://127\.0\.0\.1:9/runs cannot be op"
    ) as raised:
        PostgresRunStore(spec("env:THEMIS_DATABASE", tmp_path))
    assert PASSWORD not in shown(raised)


def test_a_url_that_cannot_be_read_is_not_shown(tmp_path, monkeypatch):
    monkeypatch.setenv("THEMIS_DATABASE", f"postgresql://me:{PASSWORD}@host:port:port/?x")
    with pytest.raises(StorageError, match="is no address of PostgreSQL") as raised:
        PostgresRunStore(spec("env:THEMIS_DATABASE", tmp_path))
    assert PASSWORD not in shown(raised)


def test_a_variable_that_is_not_set_is_named(tmp_path, monkeypatch):
    monkeypatch.delenv("THEMIS_DATABASE", raising=False)
    with pytest.raises(StorageError, match="taken from THEMIS_DATABASE, which is not set"):
        PostgresRunStore(spec("env:THEMIS_DATABASE", tmp_path))


def test_an_address_shows_neither_url_nor_password(monkeypatch):
    monkeypatch.setenv("THEMIS_DATABASE", URLS[0])
    address = Address.of("env:THEMIS_DATABASE")
    engine = address.writing_engine()
    assert PASSWORD not in repr(address) + repr(engine) + repr(engine.url)
    engine.dispose()

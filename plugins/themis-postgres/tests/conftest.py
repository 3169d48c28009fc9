"""A real server for the session, and new stores on it."""

from __future__ import annotations

import pytest
from themis_postgres.store import PostgresRunStore
from themis_postgres.testing import PostgresServer

from themis.specs import PostgresBlobStorageSpec


@pytest.fixture(scope="session")
def server():
    with PostgresServer() as server:
        yield server


@pytest.fixture
def make_spec(server, tmp_path, monkeypatch):
    """Specs of new, empty stores; their URLs are in the environment."""
    count = 0

    def make(**settings):
        nonlocal count
        count += 1
        monkeypatch.setenv(f"THEMIS_STORE_{count}", server.new_schema(**settings))
        blobs = tmp_path / f"blobs-{count}"
        return PostgresBlobStorageSpec(
            database_url=f"env:THEMIS_STORE_{count}", blob_root_dir=str(blobs)
        )

    return make


@pytest.fixture
def spec(make_spec):
    return make_spec()


@pytest.fixture
def store(spec):
    with PostgresRunStore(spec) as store:
        yield store

"""The store passes the core's kits, on a real server."""

from __future__ import annotations

import pytest

from themis.testing import PluginKit, StoreKit
from themis.testing.kits.events import planned

FIRST_RELEASE = (
    "DROP TABLE leases",
    "ALTER TABLE runs DROP COLUMN through_stage",
    "ALTER TABLE metrics DROP COLUMN whole_trial, DROP COLUMN stage",
    "DELETE FROM schema_version WHERE version > 1",
)


class TestPlugin(PluginKit):
    distribution = "themis-postgres"


class TestPostgresBlob(StoreKit):
    ref = "themis-postgres/postgres_blob"

    @pytest.fixture(autouse=True)
    def _server(self, server, monkeypatch):
        self.server = server
        self.setenv = monkeypatch.setenv
        self.names = {}

    def previous(self, folder):
        """A store with a run, as the first release had it."""
        settings = self.place(folder)
        with self._opened(settings) as store:
            store.append([planned()])
            with store.writing.begin() as connection:
                for change in FIRST_RELEASE:
                    connection.exec_driver_sql(change)
        return settings

    def place(self, folder):
        """A schema for each folder; its URL is in the environment, which subprocesses share."""
        if folder not in self.names:
            self.names[folder] = f"THEMIS_KIT_{len(self.names)}"
            self.setenv(self.names[folder], self.server.new_schema())
        return {
            "database_url": f"env:{self.names[folder]}",
            "blob_root_dir": str(folder / "blobs"),
        }

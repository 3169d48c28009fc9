"""The store passes the core's kits, on a real server."""

from __future__ import annotations

import pytest

from themis.testing import PluginKit, StoreKit


class TestPlugin(PluginKit):
    distribution = "themis-postgres"


class TestPostgresBlob(StoreKit):
    ref = "themis-postgres/postgres_blob"

    @pytest.fixture(autouse=True)
    def _server(self, server, monkeypatch):
        self.server = server
        self.setenv = monkeypatch.setenv
        self.names = {}

    def place(self, folder):
        """A schema for each folder; its URL is in the environment, which subprocesses share."""
        if folder not in self.names:
            self.names[folder] = f"THEMIS_KIT_{len(self.names)}"
            self.setenv(self.names[folder], self.server.new_schema())
        return {
            "database_url": f"env:{self.names[folder]}",
            "blob_root_dir": str(folder / "blobs"),
        }

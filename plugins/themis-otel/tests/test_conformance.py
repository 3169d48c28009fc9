"""The plugin passes the core's kit."""

from __future__ import annotations

from themis.testing import PluginKit


class TestPlugin(PluginKit):
    distribution = "themis-otel"

"""The plugin passes the core's kits."""

from __future__ import annotations

from typing import ClassVar

from themis.testing import PluginKit, StoreKit


class TestPlugin(PluginKit):
    distribution = "themis-jsonl"


class TestJsonl(StoreKit):
    ref = "themis-jsonl/jsonl"


class TestJsonlInSmallFiles(StoreKit):
    ref = "themis-jsonl/jsonl"
    config: ClassVar[dict[str, int]] = {"segment_bytes": 1024}

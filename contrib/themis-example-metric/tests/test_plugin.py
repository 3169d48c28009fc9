from __future__ import annotations

from importlib.metadata import version
from typing import ClassVar

from themis.testing import PluginKit

from themis_example_metric import __version__


class TestPlugin(PluginKit):
    distribution: ClassVar[str] = "themis-example-metric"


def test_the_version_is_the_distributions() -> None:
    assert version("themis-example-metric") == __version__

from __future__ import annotations

from importlib.metadata import version
from typing import ClassVar

from themis.testing import PluginKit

from {{ cookiecutter.__package }} import __version__


class TestPlugin(PluginKit):
    distribution: ClassVar[str] = "{{ cookiecutter.__distribution }}"


def test_the_version_is_the_distributions() -> None:
    assert version("{{ cookiecutter.__distribution }}") == __version__

"""themis.adapters: engines of model providers, where they are installed."""

from __future__ import annotations

import subprocess
import sys

import pytest

from themis import adapters
from themis.errors import OptionalDependencyError, PluginError
from themis.plugin import PluginRegistry
from themis.plugin.configuration import PluginConfig


def test_an_installed_engine_is_given_as_its_class():
    engine = pytest.importorskip("themis_openai.engine")
    assert adapters.OpenAIEngine is engine.OpenAIEngine


def test_a_model_of_an_installed_engine_is_what_its_reference_names():
    pytest.importorskip("themis_openai")
    model = adapters.openai("gpt-4o-mini", base_url="http://localhost:8000/v1")
    assert (model.provider, model.model_id) == ("openai", "gpt-4o-mini")
    assert model.extras == {"base_url": "http://localhost:8000/v1"}


@pytest.mark.parametrize(
    ("use", "install"),
    [
        (lambda: adapters.vllm("m"), "pip install themis-vllm"),
        (lambda: adapters.VLLMEngine, "pip install themis-vllm"),
        (lambda: adapters.langgraph("g"), "pip install themis-langgraph"),
    ],
)
def test_what_is_not_installed_says_which_distribution_to_install(use, install, monkeypatch):
    registry = PluginRegistry(plugins=())
    monkeypatch.setattr("themis.plugin.registry.PluginRegistry", lambda: registry)
    with pytest.raises(OptionalDependencyError, match=install):
        use()


def test_an_engine_that_is_blocked_says_so(monkeypatch):
    pytest.importorskip("themis_openai")
    registry = PluginRegistry(config=PluginConfig.from_table({"block": ["themis-openai"]}))
    monkeypatch.setattr("themis.plugin.registry.PluginRegistry", lambda: registry)
    with pytest.raises(PluginError, match="themis-openai is installed and not in use"):
        adapters.openai("gpt-4o-mini")


def test_an_unknown_name_is_an_attribute_error():
    with pytest.raises(AttributeError, match="no attribute 'Claude'"):
        _ = adapters.Claude


def test_importing_the_namespace_imports_no_engine():
    code = "import sys, themis.adapters; sys.exit('themis_openai' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0

from __future__ import annotations

import subprocess
import sys
from importlib import import_module
from importlib.metadata import entry_points

import pytest
from themis_openai import hooks

from themis.plugin import ENTRY_POINT_GROUP


@pytest.fixture
def declaration():
    (declaration,) = hooks.themis_inference_engines()
    return declaration


def test_the_entry_point_is_the_module_of_hooks():
    (entry,) = entry_points(group=ENTRY_POINT_GROUP, name="openai")
    assert entry.load() is hooks
    assert hooks.themis_plugin().core_api == ">=1.0,<2"


@pytest.mark.parametrize("field", ["implementation", "config"])
def test_what_the_declaration_names_can_be_imported(declaration, field):
    module, _, name = getattr(declaration, field).partition(":")
    assert getattr(import_module(module), name).__name__ == name


def test_the_engine_declares_what_it_can_do(declaration):
    capabilities = declaration.capabilities
    assert capabilities.response_formats == ("text", "json")
    assert capabilities.logprobs
    assert capabilities.seed
    assert capabilities.tools
    assert capabilities.images


def test_the_hooks_import_neither_http_client_nor_pydantic():
    code = (
        "import sys, themis_openai.hooks as hooks; hooks.themis_inference_engines();"
        "print(sorted({'aiohttp', 'pydantic', 'orjson', 'asyncio'} & set(sys.modules)))"
    )
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert run.stdout.strip() == "[]"

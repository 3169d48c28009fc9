from __future__ import annotations

import subprocess
import sys
from importlib import import_module

import pytest
from pydantic import BaseModel

from themis.builtins import hooks

DECLARATIONS = [
    *hooks.themis_inference_engines(),
    *hooks.themis_extractors(),
    *hooks.themis_metrics(),
    *hooks.themis_dataset_providers(),
]
CONFIGURED = [declaration for declaration in DECLARATIONS if declaration.config]


def named(reference):
    module, _, name = reference.partition(":")
    return getattr(import_module(module), name)


def by_kind_and_name(declaration):
    return f"{declaration.kind}-{declaration.name}"


@pytest.mark.parametrize("declaration", DECLARATIONS, ids=by_kind_and_name)
def test_a_declaration_names_code_that_exists_and_calls_itself_by_that_name(declaration):
    assert named(declaration.implementation).component_id == declaration.name


@pytest.mark.parametrize("declaration", DECLARATIONS, ids=by_kind_and_name)
def test_a_declaration_says_what_it_is_for(declaration):
    assert declaration.summary.endswith(".")


@pytest.mark.parametrize("declaration", CONFIGURED, ids=by_kind_and_name)
def test_every_field_of_a_config_model_is_described_and_unknown_ones_are_refused(declaration):
    model = named(declaration.config)
    assert issubclass(model, BaseModel)
    assert model.model_config["extra"] == "forbid"
    assert model.model_config["frozen"]
    assert all(field.description for field in model.model_fields.values())


def test_listing_the_built_ins_imports_none_of_them():
    code = (
        "import sys, themis.builtins.hooks\n"
        "hooks = themis.builtins.hooks\n"
        "hooks.themis_inference_engines(), hooks.themis_extractors(), hooks.themis_metrics()\n"
        "print([m for m in sys.modules if m == 'pydantic' or m.startswith('themis.builtins.')])"
    )
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert run.stdout.strip() == "['themis.builtins.hooks']"

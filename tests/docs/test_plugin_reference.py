"""Every hook and every protocol of plugins is documented, and used by a test."""

from __future__ import annotations

import inspect
import re
from functools import cache
from pathlib import Path

import pytest

from themis import plugin
from themis.plugin import hookspecs
from themis.plugin.reading import HOOK_KINDS
from themis.storage import RunStore

ROOT = Path(__file__).parents[2]
REFERENCE = ROOT / "docs" / "reference"
HOOKS = [name for name in vars(hookspecs) if name.startswith("themis_")]
PROTOCOLS = [
    each
    for each in (*(getattr(plugin, name) for name in plugin.__all__), RunStore)
    if getattr(each, "_is_protocol", False)
]
METHODS = [
    pytest.param(protocol, name, id=f"{protocol.__name__}.{name}")
    for protocol in PROTOCOLS
    for name, member in vars(protocol).items()
    if not name.startswith("_") and (inspect.isfunction(member) or isinstance(member, property))
]


@cache
def sources():
    """The source of every test but this one, and of the kits, which tests inherit."""
    found = [*ROOT.glob("**/tests/**/*.py"), *ROOT.glob("core/src/themis/testing/**/*.py")]
    kept = [path for path in found if ".venv" not in path.parts and path != Path(__file__)]
    return "\n".join(path.read_text(encoding="utf-8") for path in kept)


@cache
def reference():
    return "\n".join(path.read_text(encoding="utf-8") for path in REFERENCE.glob("*.md"))


def test_every_hook_that_is_read_is_specified():
    assert set(HOOKS) == {"themis_plugin", *HOOK_KINDS}


@pytest.mark.parametrize("hook", HOOKS)
def test_every_hook_is_documented(hook):
    assert f"| `{hook}` |" in (REFERENCE / "hooks.md").read_text(encoding="utf-8")
    assert inspect.getdoc(getattr(hookspecs, hook))


@pytest.mark.parametrize("hook", HOOKS)
def test_every_hook_is_implemented_in_a_test(hook):
    assert re.search(rf"def {hook}\(\)", sources())


@pytest.mark.parametrize("protocol", PROTOCOLS, ids=lambda protocol: protocol.__name__)
def test_every_protocol_is_documented(protocol):
    assert re.search(rf"^## {protocol.__name__}$|`{protocol.__name__}`", reference(), re.MULTILINE)
    assert inspect.getdoc(protocol)


@pytest.mark.parametrize(("protocol", "method"), METHODS)
def test_every_method_of_a_protocol_is_documented_and_used_by_a_test(protocol, method):
    assert inspect.getdoc(getattr(protocol, method))
    assert re.search(rf"^### {method}$", reference(), re.MULTILINE)
    assert re.search(rf"\b{method}\b", sources())

"""What is wrong with a plugin's declarations, each fault in a sentence."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

from packaging.version import Version

from themis.plugin.declarations import (
    KINDS,
    ComponentDeclaration,
    ComponentKind,
)
from themis.plugin.loading import is_target
from themis.plugin.refs import is_name, is_version, normalise
from themis.records import EngineCapabilities

__all__ = ["declaration_faults", "duplicate_faults"]

_NO_TARGET = "not 'package.module:attribute'"
_RESOURCE = re.compile(r"[^\W\d]\w*(\.[^\W\d]\w*)*:[^:\\]+")


def declaration_faults(hook: str, kind: ComponentKind, item: object) -> Iterable[str]:
    """The faults of one item that `hook` returned."""
    expected = KINDS[kind]
    if not isinstance(item, expected):
        yield f"{hook} returned {type(item).__name__} {item!r:.60}, not {expected.__name__}"
        return
    what = f"{hook}: {item.name!r}"
    if not is_name(item.name):
        yield f"{what} is no name; use letters, digits, '.', '_' and '-'"
    if not is_version(item.version):
        yield f"{what}: version {item.version!r} is no PEP 440 version"
    yield from _target_faults(what, item)
    yield from _type_faults(what, item)


def duplicate_faults(declarations: Sequence[ComponentDeclaration]) -> Iterable[str]:
    """One fault for each kind, name and version that is declared twice."""
    seen = set()
    for each in declarations:
        key = (each.kind, normalise(each.name), Version(each.version))
        if key in seen:
            yield f"{each.kind} {each.name!r} {each.version} is declared twice"
        seen.add(key)


def _target_faults(what: str, item: ComponentDeclaration) -> Iterable[str]:
    if item.kind == "benchmark":
        if not _RESOURCE.fullmatch(str(item.implementation)):
            yield f"{what}: implementation {item.implementation!r} is not 'package:path.toml'"
    elif not is_target(item.implementation):
        yield f"{what}: implementation {item.implementation!r} is {_NO_TARGET}"
    for field in ("config", "token_estimator"):
        target = getattr(item, field, None)
        if target is not None and not is_target(target):
            yield f"{what}: {field} {target!r} is {_NO_TARGET}"


def _type_faults(what: str, item: ComponentDeclaration) -> Iterable[str]:
    types = {"summary": str, "blocking": bool, "capabilities": EngineCapabilities}
    for field, expected in types.items():
        if hasattr(item, field) and not isinstance(value := getattr(item, field), expected):
            yield f"{what}: {field} {value!r:.60} is no {expected.__name__}"

"""Lock files: TOML, sorted, the same text for the same lock."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, ValidationError

from themis.errors import PluginError
from themis.plugin.declarations import ComponentKind
from themis.plugin.lock import Lock, LockedDistribution
from themis.plugin.origins import Origin, OriginKind
from themis.plugin.refs import is_name, is_version, parse_ref
from themis.plugin.registration import CORE
from themis.plugin.resolution import LockedComponent
from themis.specs.documents import Document, read_document, refuse

__all__ = ["lock_text", "read_lock"]

_FORMAT = 1
_HEADER = "# Made (and made again) by 'themis lock'; 'themis run --locked' holds a run to it.\n"
_AGAIN = "make the lock again with: themis lock FILE"


def _checked_name(text: str) -> str:
    if not is_name(text):
        msg = f"{text!r} is no name"
        raise ValueError(msg)
    return text


def _checked_version(text: str) -> str:
    if not is_version(text):
        msg = f"{text!r} is no version"
        raise ValueError(msg)
    return text


def _checked_ref(text: str) -> str:
    try:
        parse_ref(text)
    except PluginError as problem:
        raise ValueError(problem.message) from None
    return text


_Name = Annotated[str, AfterValidator(_checked_name)]
_Version = Annotated[str, AfterValidator(_checked_version)]
_Ref = Annotated[str, AfterValidator(_checked_ref)]
_Digest = Annotated[str, Field(pattern=r"^sha256:[0-9a-f]{64}$")]


class _Table(BaseModel):
    """A table of the file; what it does not know is refused."""

    model_config = ConfigDict(extra="forbid", strict=True)


class _Origin(_Table):
    kind: OriginKind
    url: str = ""
    subdirectory: str = ""
    commit: str = ""
    dirty: bool = False


class _Installed(_Table):
    version: _Version
    digest: _Digest | None = None
    origin: _Origin

    def locked(self, name: str) -> LockedDistribution:
        return LockedDistribution(
            name=name,
            version=self.version,
            digest=None if self.digest is None else self.digest.removeprefix("sha256:"),
            origin=Origin.from_dict(self.origin.model_dump()),
        )


class _Distribution(_Installed):
    name: _Name


class _Component(_Table):
    kind: ComponentKind
    name: _Name
    version: _Version
    provider: _Name
    refs: list[_Ref] = []

    def locked(self) -> LockedComponent:
        return LockedComponent(**{**self.model_dump(), "refs": tuple(self.refs)})


class _LockFile(_Table):
    format: Literal[1]
    api: _Version
    core: _Installed
    distribution: list[_Distribution] = []
    component: list[_Component] = []

    def lock(self) -> Lock:
        return Lock(
            api=self.api,
            core=self.core.locked(CORE),
            distributions=tuple(each.locked(each.name) for each in self.distribution),
            components=tuple(each.locked() for each in self.component),
        )


def lock_text(lock: Lock) -> str:
    """The lock as TOML."""
    parts = [
        f"{_HEADER}format = {_FORMAT}\napi = {_string(lock.api)}\n",
        _table("[core]", _distribution(lock.core)),
        *(
            _table("[[distribution]]", {"name": each.name, **_distribution(each)})
            for each in lock.distributions
        ),
        *(_table("[[component]]", _component(each)) for each in lock.components),
    ]
    return "\n".join(parts)


def read_lock(path: Path | str) -> Lock:
    """The lock in a file.

    Raises:
        SpecValidationError: Naming the line of everything that keeps it from being a lock.
    """
    document = read_document(Path(path), form=".toml")
    _refuse_foreign(document)
    try:
        return _LockFile.model_validate(document.values).lock()
    except ValidationError as error:
        issues = [
            document.issue(found["loc"], f"{found['msg']}; {_AGAIN}")
            for found in error.errors(include_url=False)
        ]
        raise refuse(issues, path=document.path) from None


def _distribution(locked: LockedDistribution) -> dict[str, Any]:
    digest = {} if locked.digest is None else {"digest": f"sha256:{locked.digest}"}
    return {"version": locked.version, **digest, "origin": locked.origin.to_dict()}


def _component(locked: LockedComponent) -> dict[str, Any]:
    return {
        "kind": locked.kind,
        "name": locked.name,
        "version": locked.version,
        "provider": locked.provider,
        "refs": locked.refs,
    }


def _table(header: str, values: Mapping[str, Any]) -> str:
    return "\n".join([header, *(f"{key} = {_value(value)}" for key, value in values.items()), ""])


def _value(value: Any) -> str:
    if isinstance(value, Mapping):
        return f"{{ {', '.join(f'{key} = {_value(entry)}' for key, entry in value.items())} }}"
    if isinstance(value, tuple):
        return f"[{', '.join(map(_string, value))}]"
    return str(value).lower() if isinstance(value, bool) else _string(value)


def _string(text: str) -> str:
    """A TOML string: JSON's, but for one character."""
    return json.dumps(text, ensure_ascii=False).replace("\x7f", "\\u007f")


def _refuse_foreign(document: Document) -> None:
    found = document.values.get("format")
    if found == _FORMAT:
        return
    issue = document.issue((), f"is no lock of Themis: it has no key 'format'; {_AGAIN}")
    if found is not None:
        message = f"is {found!r}, and this Themis reads {_FORMAT}; {_AGAIN}, or upgrade Themis"
        issue = document.issue(("format",), message)
    raise refuse([issue], path=document.path)

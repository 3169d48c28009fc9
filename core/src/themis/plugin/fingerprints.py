"""Fingerprints of components handed over in Python, so that an edit reruns what it changes.

What counts: a component's own `fingerprint()`; else the source of its class or function, with what
was bound to it (defaults, `functools.partial` arguments, constants it closes over, what it wraps),
the values of its class, and all attributes of an instance. Attributes that the methods a run calls
set or change count as they were when first looked at: a component that counts its calls stays the
same. What does not count: globals, the attributes of functions, and the lists, dicts and sets that
a function merely closes over, since those change while it runs.

An attribute whose state cannot be read counts by its type where the constructor's parameters are
all kept under their names; where it may be what tells two components apart, neither is described.
"""

from __future__ import annotations

import secrets
import warnings

from themis.plugin.source import NoDescriptionError, describe, label
from themis.records.canonical import content_hash

__all__ = ["FingerprintWarning", "fingerprint"]

_PROCESS = secrets.token_hex(8)


class FingerprintWarning(UserWarning):
    """A component cannot be told from a changed one: no later process reuses what it made."""


def fingerprint(*parts: object) -> str:
    """A string that changes when the code or the settings of `parts` do.

    Warns with FingerprintWarning, and gives a string that holds in this process only, when a part
    can be neither read nor compared.
    """
    try:
        return content_hash([describe(part) for part in parts], kind="fingerprint")
    except NoDescriptionError as problem:
        msg = (
            f"{label(parts[0])} cannot be fingerprinted: {problem}. No later process reuses what "
            "it makes; give it a method fingerprint() that returns a string"
        )
        warnings.warn(msg, FingerprintWarning, stacklevel=2)
        return "-".join([f"process-{_PROCESS}", *(f"{id(part):x}" for part in parts)])

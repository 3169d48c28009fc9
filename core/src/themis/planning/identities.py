"""What components and hooks are in keys, of whoever wrote them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from themis.errors import PluginError, ThemisError

__all__ = ["identity_of"]

_LONGEST = 500


def identity_of(what: str, make: Callable[[], dict[str, Any]]) -> dict[str, Any]:
    """The identity that `make` gives of `what`.

    Raises:
        PluginError: naming the component, where its own code raises anything.
    """
    try:
        return make()
    except ThemisError:
        raise
    except Exception as error:
        msg = (
            f"{what} cannot be told from an edited one: its fingerprint raised "
            f"{type(error).__name__}: {error!s:.{_LONGEST}}; correct its fingerprint(), or that of "
            "what it holds"
        )
        raise PluginError(msg) from error

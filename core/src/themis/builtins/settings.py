"""What users write for a built-in component: a frozen model that rejects unknown fields."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeVar

from pydantic import BaseModel, ConfigDict

__all__ = ["Settings", "settings_from"]


class Settings(BaseModel):
    """Base of every built-in component's configuration."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True, allow_inf_nan=False)


SettingsT = TypeVar("SettingsT", bound=Settings)


def settings_from(model: type[SettingsT], config: Settings | Mapping[str, Any] | None) -> SettingsT:
    """`config` as `model`: validated already, a mapping as written, or None for the defaults.

    Raises pydantic's ValidationError, naming the field, when it does not fit.
    """
    if isinstance(config, model):
        return config
    return model.model_validate(config or {})

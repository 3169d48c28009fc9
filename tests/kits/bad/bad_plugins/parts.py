"""What the plugins declare."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict, Field, SecretStr, field_serializer


class Settings(BaseModel):
    model_config = ConfigDict(extra="forbid")
    api_key: SecretStr = Field(description="The key.")


class LooseSettings(BaseModel):
    api_key: SecretStr = Field(description="The key.")


class BareSettings(BaseModel):
    model_config = ConfigDict(extra="forbid")
    threshold: float = 0.5


class LeakySettings(BaseModel):
    model_config = ConfigDict(extra="forbid")
    api_key: SecretStr = Field(description="The key.")

    @field_serializer("api_key")
    def _written(self, value: SecretStr) -> str:
        return value.get_secret_value()


class NoModel:
    """A config model that is no pydantic model."""


class Polite:
    def __init__(self, config):
        self.config = config

    def score(self, trial, candidate, context):
        return 1.0


class Methodless:
    def __init__(self, config):
        self.config = config

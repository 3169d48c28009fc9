"""The backend's settings: the further fields of a project's `storage`."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict, Field

__all__ = ["JsonlConfig"]


class JsonlConfig(BaseModel):
    """Where the store is, and how it is kept."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    root_dir: str = Field("runs", min_length=1, description="The store's folder.")
    base_dir: str = Field(
        ".", description="Where a relative root_dir starts; a project fills in its own folder."
    )
    store_item_payloads: bool = Field(
        True, description="Whether items are kept whole, not only their hashes."
    )
    segment_bytes: int = Field(
        256 * 2**20, ge=1024, description="A file of events that is larger is followed by another."
    )

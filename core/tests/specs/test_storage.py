from __future__ import annotations

import pytest
from pydantic import ValidationError

from themis.specs import (
    PluginStorageSpec,
    PostgresBlobStorageSpec,
    ProjectSpec,
    SqliteBlobStorageSpec,
    StorageSpec,
)


def test_the_plain_storage_spec_is_the_sqlite_one() -> None:
    assert StorageSpec is SqliteBlobStorageSpec
    assert ProjectSpec().storage == SqliteBlobStorageSpec(root_dir=".themis")


def test_stores_are_told_apart_by_backend() -> None:
    fields = {"backend": "postgres_blob", "database_url": "postgresql://h/d", "blob_root_dir": "b"}
    assert isinstance(ProjectSpec(storage=fields).storage, PostgresBlobStorageSpec)
    assert isinstance(ProjectSpec(storage={"root_dir": "x"}).storage, SqliteBlobStorageSpec)


def test_a_store_may_be_given_as_a_spec() -> None:
    store = SqliteBlobStorageSpec(root_dir="runs", compression="none")
    assert ProjectSpec(storage=store).storage is store


def test_items_are_stored_and_compressed_by_default() -> None:
    store = SqliteBlobStorageSpec()
    assert (store.store_item_payloads, store.compression) == (True, "zstd")
    with pytest.raises(ValidationError, match="compression"):
        SqliteBlobStorageSpec(compression="gzip")


def test_any_other_backend_keeps_its_fields_for_its_plugin() -> None:
    store = ProjectSpec(storage={"backend": "s3", "bucket": "b", "parts": {"n": 1}}).storage
    assert isinstance(store, PluginStorageSpec)
    assert store.settings == {"bucket": "b", "parts": {"n": 1}}


def test_a_plugins_fields_are_part_of_the_hash() -> None:
    one = PluginStorageSpec(backend="s3", bucket="a")
    assert one.canonical_hash != PluginStorageSpec(backend="s3", bucket="b").canonical_hash


def test_a_plugins_fields_cannot_be_changed() -> None:
    store = PluginStorageSpec(backend="s3", parts={"n": 1})
    with pytest.raises(TypeError, match="specs are immutable"):
        store.settings["parts"]["n"] = 2


def test_a_built_in_backend_has_its_own_class() -> None:
    with pytest.raises(ValidationError, match="backend: sqlite_blob is built in; use its own"):
        PluginStorageSpec(backend="sqlite_blob")


@pytest.mark.parametrize("storage", [5, {"backend": 5}, {"backend": ""}, {"rootdir": "x"}])
def test_what_is_no_store_is_an_error(storage: object) -> None:
    with pytest.raises(ValidationError, match="storage"):
        ProjectSpec(storage=storage)

"""Items on the Hugging Face hub, through the `datasets` library."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from themis.builtins.datasets.formats import json_ready
from themis.errors import ItemError, OptionalDependencyError

if TYPE_CHECKING:
    from themis.specs import DatasetQuerySpec, DatasetSpec, SliceSpec

__all__ = ["HuggingFaceDatasetProvider"]

_HUB_SECONDS = 10.0


class HuggingFaceDatasetProvider:
    """Streams a split of a dataset: `dataset_id` is its name, `data_dir` its subset.

    `revision` pins a tag, branch or commit. Nothing is executed from the dataset's repository.
    """

    def scan(
        self,
        slice_spec: SliceSpec,
        query: DatasetQuerySpec,  # noqa: ARG002 (the planner applies the query)
    ) -> Iterator[Mapping[str, Any]]:
        """The split's rows.

        Raises:
            OptionalDependencyError: `datasets` is not installed.
            ItemError: the dataset cannot be reached or read; the message has the cause.
        """
        dataset = slice_spec.dataset
        load_dataset = _library()
        try:
            _ask_the_hub(dataset)
            rows = load_dataset(
                dataset.dataset_id,
                name=dataset.data_dir,
                split=dataset.split,
                revision=dataset.revision,
                streaming=True,
            )
            for row in rows:
                yield json_ready(row)
        except Exception as error:
            raise ItemError(_explained(slice_spec, error)) from error


def _library() -> Any:
    try:
        from datasets import load_dataset
    except ImportError:
        msg = (
            'source = "huggingface" needs the datasets library: '
            "pip install 'themis-framework[huggingface]'"
        )
        raise OptionalDependencyError(msg) from None
    return load_dataset


def _ask_the_hub(dataset: DatasetSpec) -> None:
    """Ask once whether the hub has the dataset: the library itself retries for half a minute."""
    from huggingface_hub import HfApi

    name = str(dataset.dataset_id)
    if not Path(name).exists():
        HfApi().dataset_info(name, revision=dataset.revision, timeout=_HUB_SECONDS)


def _explained(slice_spec: SliceSpec, error: Exception) -> str:
    dataset = slice_spec.dataset
    cause = str(error).strip().splitlines()
    return (
        f"slice {slice_spec.slice_id!r}: dataset {dataset.dataset_id!r} (split {dataset.split!r}) "
        f"cannot be read from the Hugging Face hub: {type(error).__name__}: "
        f"{cause[0] if cause else 'no reason given'}; check its name and the network, or download "
        'it and use source = "local"'
    )

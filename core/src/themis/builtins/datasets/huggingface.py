"""Datasets of the Hugging Face Hub, or of folders in its formats. Needs the extra `huggingface`.

* `dataset_id`: a repository (`openai/gsm8k`), with its configuration after a colon if it has
  several (`openai/gsm8k:main`); a folder of data files; a folder that `save_to_disk` wrote; or the
  name of a format (`json`, `csv`, `parquet`) whose files are in `data_dir`. Relative paths start
  at the current directory
* `data_dir`: the folder inside the repository
* `revision`: a tag, branch or commit. Without one, the data may change under a benchmark.

Data is streamed. With `HF_HUB_OFFLINE=1`, or `streaming=False`, it is read from the local cache.
Images become data URLs, so that a prompt's image part can take them as they are.
"""

from __future__ import annotations

import threading
from base64 import b64encode
from collections.abc import Callable, Iterable, Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from themis.errors import ItemError, OptionalDependencyError

if TYPE_CHECKING:
    from themis.specs import DatasetQuerySpec, DatasetSpec, SliceSpec

__all__ = ["HuggingFaceDatasetProvider"]

_REACH_SECONDS = 5.0
_FORMATS = frozenset({"arrow", "csv", "json", "parquet", "text"})
_SAVED = ("dataset_dict.json", "state.json")
_IMAGES = {b"\x89PNG": "png", b"\xff\xd8\xff": "jpeg", b"GIF8": "gif", b"BM": "bmp"}


class HuggingFaceDatasetProvider:
    """Reads what `datasets.load_dataset` reads, and what `save_to_disk` wrote.

    `streaming=False` downloads the dataset into the local cache first.
    """

    component_id = "huggingface"

    def __init__(self, *, streaming: bool = True) -> None:
        self._streaming = streaming

    def scan(
        self,
        slice_spec: SliceSpec,
        query: DatasetQuerySpec,  # noqa: ARG002 (the planner applies the query)
    ) -> Iterator[dict[str, Any]]:
        """The rows of the split.

        Raises:
            ItemError: when the dataset, its split or the Hub cannot be reached or read.
            OptionalDependencyError: when the package `datasets` is not installed.
        """
        library = _library()
        dataset = slice_spec.dataset
        try:
            rows = self._rows(library, dataset)
            for row in rows:
                yield {name: _with_urls(value) for name, value in row.items()}
        except ItemError:
            raise
        except Exception as error:  # the library raises what its own dependencies raise
            raise ItemError(_explained(dataset, error)) from error

    def _rows(self, library: Any, dataset: DatasetSpec) -> Iterable[Mapping[str, Any]]:
        name, configuration = _name(dataset)
        folder = Path(name).expanduser()
        if any((folder / mark).is_file() for mark in _SAVED):
            return _undecoded(_split(library.load_from_disk(str(folder)), dataset))
        local = folder.is_dir() or name in _FORMATS
        offline = library.config.HF_HUB_OFFLINE
        if not local and not offline:
            _reach(library.config.HF_ENDPOINT, name)

        def load(*, streaming: bool) -> Any:
            return library.load_dataset(
                str(folder) if folder.is_dir() else name,
                name=configuration,
                data_dir=dataset.data_dir,
                split=dataset.split,
                revision=dataset.revision,
                streaming=streaming,
            )

        if not self._streaming or (offline and not local):
            return _undecoded(load(streaming=False))
        try:
            return _undecoded(load(streaming=True))
        except NotImplementedError:  # a format that cannot be streamed
            return _undecoded(load(streaming=False))


def _library() -> Any:
    try:
        import datasets
    except ImportError as error:
        msg = (
            "source 'huggingface' needs the package datasets; "
            "pip install 'themis-framework[huggingface]'"
        )
        raise OptionalDependencyError(msg) from error
    return datasets


def _name(dataset: DatasetSpec) -> tuple[str, str | None]:
    """The dataset's name and configuration."""
    written = dataset.dataset_id or ""
    if Path(written).expanduser().exists():
        return written, None
    name, _, configuration = written.partition(":")
    return name, configuration or None


def _split(loaded: Any, dataset: DatasetSpec) -> Any:
    """The split of what `load_from_disk` gave: a dataset, or datasets by split."""
    if not isinstance(loaded, Mapping):
        return loaded
    if dataset.split not in loaded:
        msg = (
            f"dataset {dataset.dataset_id!r} has no split {dataset.split!r}; "
            f"it has: {', '.join(loaded)}"
        )
        raise ItemError(msg)
    return loaded[dataset.split]


def _undecoded(loaded: Any) -> Iterable[Mapping[str, Any]]:
    """The rows, with images and sounds as bytes: decoding them needs more packages."""
    rows = loaded.to_iterable_dataset() if hasattr(loaded, "to_iterable_dataset") else loaded
    return rows.decode(False)  # type: ignore[no-any-return]


def _reach(endpoint: str, name: str) -> None:
    """Fail within seconds where the library itself would retry for half a minute, or longer."""
    problem = _within_seconds(lambda: _ask(endpoint))
    if problem is not None:
        msg = (
            f"dataset {name!r}: the Hugging Face Hub ({endpoint}) cannot be reached: {problem}; "
            "check the network, set HF_HUB_OFFLINE=1 to use what was downloaded before, or use "
            'source = "local"'
        )
        raise ItemError(msg)


def _ask(endpoint: str) -> str | None:
    from huggingface_hub import get_session

    try:
        get_session().head(endpoint, timeout=_REACH_SECONDS)
    except Exception as error:  # noqa: BLE001 (requests or httpx, by version; whichever, it is unreachable)
        return f"{type(error).__name__}: {error}"
    return None


def _within_seconds(ask: Callable[[], str | None]) -> str | None:
    """What `ask` returns. Resolving a name has no time limit, so that is left to a thread."""
    answer: list[str | None] = [f"no answer within {_REACH_SECONDS:g} seconds"]

    def run() -> None:
        answer[0] = ask()

    thread = threading.Thread(target=run, name="huggingface", daemon=True)
    thread.start()
    thread.join(_REACH_SECONDS)
    return answer[0]


def _explained(dataset: DatasetSpec, error: Exception) -> str:
    text = str(error).strip()
    hint = ""
    if "Config name is missing" in text or "BuilderConfig" in text:
        hint = f'; write the configuration after a colon: "{dataset.dataset_id}:NAME"'
    if "doesn't exist on the Hub" in text or "gated" in text:
        hint = "; check dataset_id, and set HF_TOKEN if it is private or gated"
    return f"dataset {dataset.dataset_id!r} cannot be loaded, {type(error).__name__}: {text}{hint}"


def _with_urls(value: Any) -> Any:
    """The value with every undecoded image as a data URL (or the URL it was given by)."""
    if isinstance(value, dict):
        if value.keys() == {"bytes", "path"}:
            return _image(value)
        return {name: _with_urls(entry) for name, entry in value.items()}
    return [_with_urls(entry) for entry in value] if isinstance(value, list) else value


def _image(value: dict[str, Any]) -> Any:
    data, path = value["bytes"], value["path"]
    if data is None:
        return path if isinstance(path, str) and "://" in path else value
    kind = next((name for mark, name in _IMAGES.items() if data.startswith(mark)), None)
    if data[:4] == b"RIFF" and data[8:12] == b"WEBP":
        kind = "webp"
    return f"data:image/{kind};base64,{b64encode(data).decode()}" if kind else value

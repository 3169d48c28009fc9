from __future__ import annotations

import base64
import json
import sys
import threading
import time
from pathlib import Path
from typing import Any

import pytest

from themis.builtins.datasets import huggingface
from themis.builtins.datasets.huggingface import HuggingFaceDatasetProvider
from themis.errors import ErrorCode, ItemError, OptionalDependencyError
from themis.plugin import DatasetProvider
from themis.specs import DatasetQuerySpec, DatasetSpec, GenerationSpec, SliceSpec

datasets = pytest.importorskip("datasets")
pa = pytest.importorskip("pyarrow")

PNG = b"\x89PNG\r\n\x1a\n and the rest"
PNG_URL = "data:image/png;base64," + base64.b64encode(PNG).decode()
ROWS = [{"item_id": f"q{n}", "n": n} for n in range(3)]


@pytest.fixture(autouse=True)
def own_cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(datasets.config, "HF_DATASETS_CACHE", tmp_path / "cache")
    monkeypatch.setattr(datasets.config, "HF_HUB_OFFLINE", False)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    data = tmp_path / "data"
    data.mkdir()
    for split, rows in (("test", ROWS), ("train", ROWS[:1])):
        text = "".join(json.dumps(row) + "\n" for row in rows)
        (data / f"{split}.jsonl").write_text(text)
    return data


def scan(provider: HuggingFaceDatasetProvider | None = None, **dataset: Any) -> list[Any]:
    entry = SliceSpec(slice_id="s", dataset=DatasetSpec(**dataset), generation=GenerationSpec())
    provider = provider or HuggingFaceDatasetProvider()
    return list(provider.scan(entry, DatasetQuerySpec.all()))


def failure(provider: HuggingFaceDatasetProvider | None = None, **dataset: Any) -> str:
    with pytest.raises(ItemError) as caught:
        scan(provider, **dataset)
    return caught.value.message


def test_it_is_a_dataset_provider():
    assert isinstance(HuggingFaceDatasetProvider(), DatasetProvider)


def test_files_of_a_format_are_read_from_their_folder(folder):
    assert scan(dataset_id="json", data_dir=str(folder)) == ROWS


def test_a_folder_of_data_files_is_a_dataset(folder):
    assert scan(dataset_id=str(folder), split="train") == ROWS[:1]


def test_a_dataset_may_be_read_from_the_cache_instead_of_streamed(folder, tmp_path):
    assert scan(HuggingFaceDatasetProvider(streaming=False), dataset_id=str(folder)) == ROWS
    assert list((tmp_path / "cache").rglob("*.arrow"))


def test_streaming_writes_no_cache(folder, tmp_path):
    assert scan(dataset_id=str(folder)) == ROWS
    assert not list((tmp_path / "cache").rglob("*.arrow"))


def test_rows_are_streamed(folder):
    entry = SliceSpec(
        slice_id="s", dataset=DatasetSpec(dataset_id=str(folder)), generation=GenerationSpec()
    )
    rows = HuggingFaceDatasetProvider().scan(entry, DatasetQuerySpec.all())
    assert next(rows) == ROWS[0]
    rows.close()


def test_a_saved_dataset_is_read(tmp_path):
    datasets.Dataset.from_list(ROWS).save_to_disk(str(tmp_path / "saved"))
    assert scan(dataset_id=str(tmp_path / "saved")) == ROWS


def test_a_split_of_saved_datasets_is_read(tmp_path):
    saved = datasets.DatasetDict({"dev": datasets.Dataset.from_list(ROWS)})
    saved.save_to_disk(str(tmp_path / "saved"))
    path = str(tmp_path / "saved")
    assert scan(dataset_id=path, split="dev") == ROWS
    assert failure(dataset_id=path) == f"dataset {path!r} has no split 'test'; it has: dev"


def test_images_become_data_urls(tmp_path):
    image = datasets.Image()
    features = datasets.Features(
        {"q": datasets.Value("string"), "image": image, "more": datasets.Sequence(image)}
    )
    by_url = {"bytes": None, "path": "http://example.test/x.png"}
    row = {"q": "?", "image": {"bytes": PNG, "path": "x.png"}, "more": [by_url]}
    table = pa.Table.from_pylist([row], schema=features.arrow_schema)
    pa.parquet.write_table(table, tmp_path / "test.parquet")
    assert scan(dataset_id=str(tmp_path)) == [
        {"q": "?", "image": PNG_URL, "more": ["http://example.test/x.png"]}
    ]


@pytest.mark.parametrize(
    ("data", "kind"),
    [(b"\xff\xd8\xff\xe0", "jpeg"), (b"GIF89a", "gif"), (b"BM..", "bmp"),
     (b"RIFF....WEBPVP8", "webp")],
)  # fmt: skip
def test_the_type_of_an_image_is_read_from_its_bytes(data, kind):
    url = huggingface._image({"bytes": data, "path": None})
    assert url == f"data:image/{kind};base64,{base64.b64encode(data).decode()}"


def test_bytes_that_are_no_image_stay_bytes():
    sound = {"bytes": b"RIFF....WAVE", "path": "x.wav"}
    assert huggingface._image(sound) == sound


def test_an_unknown_split_is_an_item_error(folder):
    message = failure(dataset_id=str(folder), split="nope")
    assert message == (
        f"dataset {str(folder)!r} cannot be loaded, ValueError: Bad split: nope. "
        "Available splits: ['train', 'test']"
    )


def test_a_broken_file_is_an_item_error(folder):
    (folder / "test.jsonl").write_text("{broken")
    assert failure(dataset_id=str(folder)).startswith(f"dataset {str(folder)!r} cannot be loaded,")


def refused(monkeypatch: pytest.MonkeyPatch) -> str:
    endpoint = "http://127.0.0.1:9"
    monkeypatch.setattr(datasets.config, "HF_ENDPOINT", endpoint)
    return endpoint


def test_an_unreachable_hub_is_a_clear_error_within_seconds(monkeypatch):
    endpoint = refused(monkeypatch)
    started = time.monotonic()
    message = failure(dataset_id="openai/gsm8k:main")
    assert time.monotonic() - started < 5
    assert message.startswith(
        f"dataset 'openai/gsm8k': the Hugging Face Hub ({endpoint}) cannot be reached: Connect"
    )
    assert message.endswith(
        "check the network, set HF_HUB_OFFLINE=1 to use what was downloaded before, or use "
        'source = "local"'
    )


def test_a_network_that_hangs_is_given_up_within_seconds(monkeypatch):
    hang = threading.Event()
    monkeypatch.setattr(huggingface, "_REACH_SECONDS", 0.05)
    monkeypatch.setattr(huggingface, "_ask", lambda endpoint: str(hang.wait(20)))
    assert "cannot be reached: no answer within 0.05 seconds" in failure(dataset_id="a/b")
    hang.set()


def test_in_offline_mode_the_network_is_not_asked(monkeypatch):
    refused(monkeypatch)
    monkeypatch.setattr(datasets.config, "HF_HUB_OFFLINE", True)
    started = time.monotonic()
    assert failure(dataset_id="a/b").startswith("dataset 'a/b' cannot be loaded, ConnectionError:")
    assert time.monotonic() - started < 5


class Hub:
    """Stands for load_dataset, where the real one would need the Hub."""

    def __init__(self, error: Exception | None = None) -> None:
        self.error = error
        self.calls: list[dict[str, Any]] = []

    def __call__(self, path: str, **options: Any) -> Any:
        self.calls.append({"path": path, **options})
        if self.error is not None and (options["streaming"] or len(self.calls) > 1):
            raise self.error
        return datasets.Dataset.from_list(ROWS)


@pytest.fixture
def reachable(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(huggingface, "_ask", lambda endpoint: None)


@pytest.mark.usefixtures("reachable")
def test_revision_split_folder_and_configuration_are_handed_over(monkeypatch):
    hub = Hub()
    monkeypatch.setattr(datasets, "load_dataset", hub)
    dataset = {"data_dir": "sub", "revision": "v1", "split": "dev"}
    assert scan(dataset_id="openai/gsm8k:main", **dataset) == ROWS
    assert hub.calls == [{"path": "openai/gsm8k", "name": "main", "streaming": True, **dataset}]


@pytest.mark.usefixtures("reachable")
def test_a_format_that_cannot_be_streamed_is_downloaded(monkeypatch):
    hub = Hub(NotImplementedError("no streaming"))
    monkeypatch.setattr(datasets, "load_dataset", hub)
    with pytest.raises(ItemError):
        scan(dataset_id="a/b")
    assert [call["streaming"] for call in hub.calls] == [True, False]


@pytest.mark.usefixtures("reachable")
@pytest.mark.parametrize(
    ("text", "hint"),
    [
        (
            "Config name is missing. Please pick one among ['main', 'socratic']",
            'write the configuration after a colon: "a/b:NAME"',
        ),
        (
            "Dataset 'a/b' doesn't exist on the Hub or cannot be accessed.",
            "check dataset_id, and set HF_TOKEN if it is private or gated",
        ),
    ],
)
def test_what_the_hub_refuses_comes_with_a_hint(monkeypatch, text, hint):
    monkeypatch.setattr(datasets, "load_dataset", Hub(ValueError(text)))
    assert failure(dataset_id="a/b") == (
        f"dataset 'a/b' cannot be loaded, ValueError: {text}; {hint}"
    )


def test_without_the_package_the_extra_is_named(monkeypatch):
    monkeypatch.setitem(sys.modules, "datasets", None)
    with pytest.raises(OptionalDependencyError) as caught:
        scan(dataset_id="a/b")
    assert caught.value.code == ErrorCode.MISSING_OPTIONAL_DEPENDENCY
    assert caught.value.message == (
        "source 'huggingface' needs the package datasets; "
        "pip install 'themis-framework[huggingface]'"
    )

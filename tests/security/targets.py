"""What is fuzzed: each target reads bytes of anybody's making, and may raise a ThemisError only.

The tests here give them what Hypothesis makes; `make fuzz` what atheris makes.
"""

from __future__ import annotations

import contextlib
import tempfile
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

from themis.builtins.datasets.local import LocalDatasetConfig, LocalDatasetProvider
from themis.builtins.extractors.boxed_text import BoxedText
from themis.builtins.extractors.choice_letter import ChoiceLetter
from themis.builtins.extractors.embedded_json import EmbeddedJson
from themis.builtins.extractors.first_number import FirstNumber
from themis.builtins.extractors.json_schema import JsonSchema
from themis.builtins.extractors.math_answer import MathAnswer
from themis.builtins.extractors.normalized_text import NormalizedText
from themis.builtins.extractors.regex import Regex
from themis.builtins.judges.verdicts import read_choice, read_number
from themis.errors import ThemisError
from themis.experiment.experiment import Experiment
from themis.plugin.lock_files import read_lock
from themis.plugin.refs import parse_ref, split_model_ref
from themis.records import CandidateRecord, InferenceRecord
from themis.records.canonical import canonical_bytes, decode
from themis.runtime.handoff_files import EvaluationHandOff, GenerationHandOff
from themis.specs import DatasetQuerySpec, DatasetSpec, GenerationSpec, SliceSpec
from themis.specs.files import load_benchmark_file, load_project_file

__all__ = ["TARGETS"]

_EXTRACTORS: tuple[tuple[Any, Mapping[str, Any]], ...] = (
    (BoxedText(), {}),
    (ChoiceLetter(), {}),
    (EmbeddedJson(), {"kind": "any"}),
    (EmbeddedJson(), {"which": "first"}),
    (FirstNumber(), {}),
    (JsonSchema(), {"schema": {"type": "object", "required": ["answer"]}}),
    (MathAnswer(), {}),
    (MathAnswer(), {"form": "text"}),
    (NormalizedText(), {}),
    (Regex(), {"pattern": r"answer is (\w+)", "which": "last"}),
)
_ROWS = {
    "rows_csv": "rows.csv",
    "rows_gzip": "rows.jsonl.gz",
    "rows_json": "rows.json",
    "rows_jsonl": "rows.jsonl",
    "rows_parquet": "rows.parquet",
}
_SCRATCH = Path(tempfile.mkdtemp(prefix="themis-fuzz-"))


def text_of(data: bytes) -> str:
    """Any text at all, lone surrogates too."""
    return data.decode("utf-8", "surrogatepass" if b"\xed" in data else "replace")


@contextlib.contextmanager
def refusals() -> Iterator[None]:
    """A ThemisError is an answer; any other exception is a fault."""
    with contextlib.suppress(ThemisError):
        yield


def refs(data: bytes) -> None:
    text = data.decode("utf-8", "replace")
    for parse in (parse_ref, split_model_ref):
        with refusals():
            ref = parse(text)
            ref = ref if not isinstance(ref, tuple) else ref[0]
            assert parse_ref(str(ref)) == ref


def canonical(data: bytes) -> None:
    """Canonical JSON: a ValueError says that the bytes are none."""
    try:
        value = decode(data)
    except ValueError:
        return
    try:
        again = canonical_bytes(value)
    except TypeError:  # a key with a lone surrogate, say
        return
    assert canonical_bytes(decode(again)) == again


def extractors(data: bytes) -> None:
    try:
        text = text_of(data)
    except UnicodeDecodeError:
        text = data.decode("latin-1")
    candidate = CandidateRecord(
        candidate_id="c", sample_index=0, inference=InferenceRecord(raw_text=text)
    )
    for extractor, config in _EXTRACTORS:
        record = extractor.extract(None, candidate, config)
        assert record.success or record.failure_reason
        canonical_bytes(record.parsed_answer)


def verdicts(data: bytes) -> None:
    text = data.decode("utf-8", "replace")
    with refusals():
        read_choice(text, ("A", "B", "tie"))
    with refusals():
        read_number(text, 0, 10)


def _document(suffix: str) -> Callable[[bytes], None]:
    def read(data: bytes) -> None:
        path = scratch(f"document{suffix}", data)
        for load in (load_benchmark_file, load_project_file, Experiment.from_config):
            with refusals():
                loaded = load(path)
                if load is load_benchmark_file:
                    assert loaded.benchmark.canonical_hash

    return read


def lock(data: bytes) -> None:
    with refusals():
        read_lock(scratch("themis.lock", data))


def hand_off(data: bytes) -> None:
    path = scratch("work.jsonl", data)
    for kind in (GenerationHandOff, EvaluationHandOff):
        with refusals():
            kind.read(path).records()


def _dataset(name: str) -> Callable[[bytes], None]:
    def read(data: bytes) -> None:
        path = scratch(name, data)
        spec = SliceSpec(
            slice_id="s",
            dataset=DatasetSpec(source="local", dataset_id=str(path)),
            generation=GenerationSpec(),
        )
        with refusals():
            for row in LocalDatasetProvider(LocalDatasetConfig()).scan(
                spec, DatasetQuerySpec.all()
            ):
                assert isinstance(row, dict)

    return read


def scratch(name: str, data: bytes) -> Path:
    """A file of this content, in this process's own folder."""
    path = _SCRATCH / name
    path.write_bytes(data)
    return path


TARGETS: Mapping[str, Callable[[bytes], None]] = {
    "refs": refs,
    "canonical": canonical,
    "extractors": extractors,
    "verdicts": verdicts,
    "toml": _document(".toml"),
    "yaml": _document(".yaml"),
    "json": _document(".json"),
    "lock": lock,
    "hand_off": hand_off,
    **{name: _dataset(file) for name, file in _ROWS.items()},
}
"""Every parser by name."""

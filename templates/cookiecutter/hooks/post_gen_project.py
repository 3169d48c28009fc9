"""Delete the files of the kinds that were not chosen."""

from __future__ import annotations

from pathlib import Path

CHOSEN = "{{ cookiecutter.kind }}"
FILES = {
    "metric": ["src/*/metric.py", "tests/test_metric.py", "examples/metric.toml"],
    "engine": [
        "src/*/engine.py",
        "src/*/failures.py",
        "tests/test_engine.py",
        "examples/engine.toml",
    ],
    "extractor": ["src/*/extractor.py", "tests/test_extractor.py", "examples/extractor.toml"],
    "judge": ["src/*/judge.py", "tests/test_judge.py", "examples/judge.toml"],
    "dataset": [
        "src/*/dataset.py",
        "tests/test_dataset.py",
        "examples/dataset.toml",
        "examples/questions.db",
    ],
    "reducer": [
        "src/*/reducer.py",
        "tests/test_reducer.py",
        "examples/reducer.toml",
        "examples/outputs.jsonl",
    ],
    "store": [
        "src/*/store.py",
        "src/*/journal.py",
        "src/*/entries.py",
        "tests/test_store.py",
        "examples/store.toml",
    ],
    "backend": ["src/*/backend.py", "tests/test_backend.py", "examples/backend.toml"],
}
ITEMS_NOT_NEEDED = {"dataset": ["examples/items.jsonl"]}

for kind, patterns in FILES.items():
    unwanted = ITEMS_NOT_NEEDED.get(kind, []) if kind == CHOSEN else patterns
    for pattern in unwanted:
        for path in Path().glob(pattern):
            path.unlink()

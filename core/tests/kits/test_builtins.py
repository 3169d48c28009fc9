"""Every built-in component passes the kit of its kind."""

from __future__ import annotations

import json
import sqlite3
from contextlib import closing
from typing import Any, ClassVar

import pytest
from sqlalchemy import create_engine, inspect, text

from themis.builtins.datasets import MemoryDatasetProvider
from themis.plugin.registry import PluginRegistry
from themis.storage import SqliteRunStore
from themis.storage.migrations import MIGRATIONS
from themis.storage.schema import schema_version
from themis.testing import (
    DatasetKit,
    EngineKit,
    ExtractorKit,
    MetricKit,
    PluginKit,
    ReducerKit,
    StoreKit,
    make_trial,
)
from themis.testing.kits import KITS
from themis.testing.kits.events import planned

ROWS = [
    {"item_id": f"i{number}", "topic": "ab"[number % 2], "question": f"{number} + 1?"}
    for number in range(8)
]


class TestBuiltins(PluginKit):
    distribution = "builtin"


class TestCallable(EngineKit):
    ref = "builtin/callable"
    config: ClassVar = {"function": "textwrap:dedent"}


class TestDemo(EngineKit):
    ref = "builtin/demo"


class TestEcho(EngineKit):
    ref = "builtin/echo"


class TestReplay(EngineKit):
    ref = "builtin/replay"

    @pytest.fixture(autouse=True)
    def _recorded(self, tmp_path):
        lines = [{"item_id": "item-1", "text": "4"}]
        self.file = tmp_path / "outputs.jsonl"
        self.file.write_text("\n".join(map(json.dumps, lines)), encoding="utf-8")

    def settings(self):
        return {"path": str(self.file)}

    def trial(self, prompt):
        return make_trial(prompt, item_id="item-1")


class TestBoxedText(ExtractorKit):
    ref = "builtin/boxed_text"
    examples: ClassVar = {r"so \boxed{42}.": "42"}


class TestChoiceLetter(ExtractorKit):
    ref = "builtin/choice_letter"
    examples: ClassVar = {"The answer is (B).": "B"}


class TestEmbeddedJson(ExtractorKit):
    ref = "builtin/embedded_json"
    examples: ClassVar = {'Here: {"a": [1]}': {"a": [1]}}


class TestFirstNumber(ExtractorKit):
    ref = "builtin/first_number"
    examples: ClassVar = {"It is 42 of 50.": 42}


class TestJsonSchema(ExtractorKit):
    ref = "builtin/json_schema"
    config: ClassVar = {"schema": {"type": "object", "required": ["a"]}}
    examples: ClassVar = {'{"a": 1}': {"a": 1}}


class TestMathAnswer(ExtractorKit):
    ref = "builtin/math_answer"
    examples: ClassVar = {r"Thus \boxed{7}": 7}


class TestNormalizedText(ExtractorKit):
    ref = "builtin/normalized_text"
    examples: ClassVar = {" The  Answer! ": "answer"}


class TestRegex(ExtractorKit):
    ref = "builtin/regex"
    config: ClassVar = {"pattern": r"answer is (\w+)"}
    examples: ClassVar = {"the answer is yes": "yes"}


class TestBleu(MetricKit):
    ref = "builtin/bleu"
    item: ClassVar = {"answer": "the cat sat on the mat"}
    perfect = "the cat sat on the mat"


class TestChoiceAccuracy(MetricKit):
    ref = "builtin/choice_accuracy"
    item: ClassVar = {"answer": "B", "choices": ["one", "two", "three"]}
    perfect = "B"
    wrong = "A"


class TestContains(MetricKit):
    ref = "builtin/contains"


class TestExactMatch(MetricKit):
    ref = "builtin/exact_match"


class TestJsonMatch(MetricKit):
    ref = "builtin/json_match"
    item: ClassVar = {"answer": {"a": 1, "b": [2]}}
    perfect: ClassVar[Any] = {"b": [2], "a": 1}
    wrong: ClassVar[Any] = {"a": 2}


class TestLevenshtein(MetricKit):
    ref = "builtin/levenshtein"


class TestNormalizedExactMatch(MetricKit):
    ref = "builtin/normalized_exact_match"


class TestNumericMatch(MetricKit):
    ref = "builtin/numeric_match"


class TestRegexMatch(MetricKit):
    ref = "builtin/regex_match"
    config: ClassVar = {"pattern": r"^4\d$"}


class TestRougeL(MetricKit):
    ref = "builtin/rouge_l"


class TestTokenF1(MetricKit):
    ref = "builtin/token_f1"


class TestLatency(MetricKit):
    ref = "builtin/latency"


class TestTokenCount(MetricKit):
    ref = "builtin/token_count"


class TestPassAtK(MetricKit):
    ref = "builtin/pass_at_k"


class TestPassHatK(MetricKit):
    ref = "builtin/pass_hat_k"


class TestBestOfN(ReducerKit):
    ref = "builtin/best_of_n"
    config: ClassVar = {"metric": {"id": "exact_match"}}
    item: ClassVar = {"item_id": "item-1", "answer": "42"}
    order_independent = True


class TestFirst(ReducerKit):
    ref = "builtin/first"
    order_independent = True


class TestLongest(ReducerKit):
    ref = "builtin/longest"


class TestMajorityVote(ReducerKit):
    ref = "builtin/majority_vote"
    order_independent = True


class TestSelfConsistency(ReducerKit):
    ref = "builtin/self_consistency"
    config: ClassVar = {"extractors": ["first_number"]}
    order_independent = True


class TestReferenceGrading(MetricKit):
    ref = "builtin/reference_grading"
    config: ClassVar = {"judges": ["kit"]}
    judge_reply = "It is what the reference says.\nVerdict: correct"


class TestRubricScore(MetricKit):
    ref = "builtin/rubric_score"
    config: ClassVar = {"judges": ["kit"], "rubric": "It is polite."}
    judge_reply = "Politely said.\nVerdict: 4"


class TestJudgePanel(MetricKit):
    ref = "builtin/judge_panel"
    config: ClassVar = {"judges": ["kit", "other"], "rubric": "It is polite."}
    judge_reply = "Politely said.\nVerdict: 4"


class TestJudgeBestOf(MetricKit):
    ref = "builtin/judge_best_of"
    config: ClassVar = {"judges": ["kit"], "rubric": "It is polite."}
    judge_reply = "Politely said.\nVerdict: 4"


class TestJudgeMajority(MetricKit):
    ref = "builtin/judge_majority"
    config: ClassVar = {"judges": ["one", "two", "three"], "criteria": "pass: it is polite."}
    judge_reply = "Politely said.\nVerdict: pass"


class TestTraceJudge(MetricKit):
    ref = "builtin/trace_judge"
    config: ClassVar = {"judges": ["kit"], "rubric": "No step is wasted."}
    judge_reply = "One step.\nVerdict: 5"


class TestConversationJudge(MetricKit):
    ref = "builtin/conversation_judge"
    config: ClassVar = {"judges": ["kit"], "rubric": "The assistant stays polite."}
    judge_reply = "It does.\nVerdict: 4"


class TestPairwisePreference(MetricKit):
    ref = "builtin/pairwise_preference"
    config: ClassVar = {"judges": ["kit"]}
    judge_reply = "The first is better.\nVerdict: A"


class TestLocalDataset(DatasetKit):
    ref = "builtin/local"
    broken: ClassVar = {"data_dir": "/no/such/folder"}
    filtered: ClassVar = {"topic": "a"}

    @pytest.fixture(autouse=True)
    def _file(self, tmp_path):
        self.file = tmp_path / "test.jsonl"
        self.file.write_text("\n".join(map(json.dumps, ROWS)), encoding="utf-8")

    def source(self):
        return {"data_dir": str(self.file)}


class TestMemoryDataset(DatasetKit):
    """The provider that stands for `memory` once items are handed over."""

    ref = "local/memory-of-rows"
    known_failures: ClassVar = {
        "dataset.independent": "it gives the caller's own items; the planner copies each"
    }
    dataset: ClassVar = {"dataset_id": "rows"}
    broken: ClassVar = {"dataset_id": "others"}
    filtered: ClassVar = {"topic": "a"}

    @classmethod
    def registry(cls):
        registry = PluginRegistry(plugins=())
        provider = MemoryDatasetProvider({"rows": ROWS})
        registry.register("dataset_provider", "memory-of-rows", provider, version="1.0")
        return registry


class TestSqliteBlob(StoreKit):
    ref = "builtin/sqlite_blob"

    def previous(self, folder):
        with SqliteRunStore(folder) as store:
            store.append([planned()])
            database = store.database
        _take_back_a_version(database)
        return {"root_dir": str(folder)}


def _take_back_a_version(database):
    """Make of a store one that the version before has written, with all that it knew."""
    newer = database.rename(database.with_name("newer.sqlite3"))
    engine = create_engine(f"sqlite:///{database}")
    with engine.begin() as connection:
        for migration in MIGRATIONS[:-1]:
            for statement in migration.statements("sqlite"):
                connection.execute(text(statement))
            connection.execute(
                schema_version.insert().values(version=migration.VERSION, applied_at=0)
            )
        tables = set(inspect(connection).get_table_names()) - {"schema_version"}
    engine.dispose()
    with closing(sqlite3.connect(database)) as opened:
        opened.execute("ATTACH ? AS newer", (str(newer),))
        for table in tables:
            columns = ", ".join(row[1] for row in opened.execute(f"PRAGMA table_info({table})"))
            opened.execute(f"INSERT INTO {table} ({columns}) SELECT {columns} FROM newer.{table}")
        opened.commit()


class TestHuggingFace(DatasetKit):
    ref = "builtin/huggingface"
    tentative = True


def test_no_built_in_component_is_left_out():
    tested = {
        (one.kind, one.ref.partition("/")[2])
        for one in globals().values()
        if isinstance(one, type) and issubclass(one, tuple(KITS.values())) and "ref" in vars(one)
    }
    known = PluginRegistry(plugins=()).snapshot().registrations
    declared = {(each.kind, each.name) for each in known if each.kind in KITS}
    assert declared - tested == {("dataset_provider", "memory")}

"""The built-in components, declared like any plugin's. Importing this imports none of them."""

from __future__ import annotations

from typing import Any

from themis.plugin import (
    BenchmarkDeclaration,
    DatasetProviderDeclaration,
    EngineCapabilities,
    ExtractorDeclaration,
    InferenceEngineDeclaration,
    MetricDeclaration,
    PluginInfo,
    ReducerDeclaration,
    SelectorDeclaration,
    StorageBackendDeclaration,
    hookimpl,
)

__all__ = [
    "themis_benchmarks",
    "themis_dataset_providers",
    "themis_extractors",
    "themis_inference_engines",
    "themis_metrics",
    "themis_plugin",
    "themis_reducers",
    "themis_selectors",
    "themis_storage_backends",
]

_TOKENS = "themis.builtins.engines.tokens:count_tokens"


@hookimpl
def themis_plugin() -> PluginInfo:
    """The plugin itself."""
    return PluginInfo(core_api=">=1.0,<2", summary="The components that come with Themis.")


@hookimpl
def themis_inference_engines() -> list[InferenceEngineDeclaration]:
    """Simulated, echoed, replayed and Python-function engines."""
    return [
        InferenceEngineDeclaration(
            name="callable",
            implementation="themis.builtins.engines.function:CallableEngine",
            config="themis.builtins.engines.function:CallableEngineSettings",
            version="1.0.0",
            capabilities=EngineCapabilities(
                response_formats=("text", "json"), logprobs=True, seed=True, tools=True, images=True
            ),
            summary="Asks a Python function, which gets all that an engine gets.",
        ),
        InferenceEngineDeclaration(
            name="demo",
            implementation="themis.builtins.engines.demo:DemoEngine",
            config="themis.builtins.engines.demo:DemoSettings",
            version="1.0.0",
            capabilities=EngineCapabilities(response_formats=("text", "json"), seed=True),
            token_estimator=_TOKENS,
            summary="A simulated model that solves word problems, with mistakes.",
        ),
        InferenceEngineDeclaration(
            name="echo",
            implementation="themis.builtins.engines.echo:EchoEngine",
            version="1.0.0",
            token_estimator=_TOKENS,
            summary="Answers with the text of the last message.",
        ),
        InferenceEngineDeclaration(
            name="replay",
            implementation="themis.builtins.engines.replay:ReplayEngine",
            config="themis.builtins.engines.replay:ReplaySettings",
            version="1.0.0",
            capabilities=EngineCapabilities(
                response_formats=("text", "json"), logprobs=True, seed=True, tools=True, images=True
            ),
            summary="Gives recorded outputs again.",
        ),
    ]


@hookimpl
def themis_benchmarks() -> list[BenchmarkDeclaration]:
    """The demonstration."""
    return [
        BenchmarkDeclaration(
            name="word-problems",
            implementation="themis.catalog.demo:benchmark.toml",
            version="1.0.0",
            summary="400 word problems, asked of two simulated models.",
        )
    ]


@hookimpl
def themis_dataset_providers() -> list[DatasetProviderDeclaration]:
    """Where items come from."""
    where = "themis.builtins.datasets"
    return [
        DatasetProviderDeclaration(
            name="huggingface",
            implementation=f"{where}.huggingface:HuggingFaceDatasetProvider",
            version="1.0.0",
            summary="A dataset of the Hugging Face hub, streamed.",
        ),
        DatasetProviderDeclaration(
            name="local",
            implementation=f"{where}.local:LocalDatasetProvider",
            config=f"{where}.local:LocalDatasetConfig",
            version="1.0.0",
            summary="JSON Lines, JSON, CSV, TSV and Parquet files, streamed.",
        ),
        DatasetProviderDeclaration(
            name="memory",
            implementation=f"{where}.memory:MemoryDatasetProvider",
            version="1.0.0",
            summary="Items handed over in Python.",
        ),
    ]


@hookimpl
def themis_extractors() -> list[ExtractorDeclaration]:
    """Readers of answers."""
    return [
        _extractor("boxed_text", "BoxedText", "The content of the last LaTeX box."),
        _extractor("choice_letter", "ChoiceLetter", "The option that the text settles on."),
        _extractor("embedded_json", "EmbeddedJson", "The JSON object inside a text."),
        _extractor("first_number", "FirstNumber", "The first number of the text."),
        _extractor("json_schema", "JsonSchema", "The JSON value that meets a schema."),
        _extractor("math_answer", "MathAnswer", "The final answer of a worked problem."),
        _extractor("normalized_text", "NormalizedText", "The whole text in a normal form."),
        _extractor("regex", "Regex", "What a regular expression finds."),
    ]


@hookimpl
def themis_metrics() -> list[MetricDeclaration]:
    """Metrics of answers, of cost, and of a judge's opinion."""
    return [
        _metric("bleu", "bleu:Bleu", "Sentence BLEU, from 0 to 1."),
        _metric("choice_accuracy", "choice:ChoiceAccuracy", "Whether the right option was chosen."),
        _metric("contains", "containment:Contains", "Whether the reference is in the answer."),
        _metric("exact_match", "exact:ExactMatch", "Whether answer and reference are one text."),
        _metric("json_match", "json_match:JsonMatch", "How far two JSON values agree."),
        _metric(
            "levenshtein", "edit_distance:Levenshtein", "1 less the share of edited characters."
        ),
        _metric(
            "normalized_exact_match",
            "exact:NormalizedExactMatch",
            "Whether answer and reference have one normal form.",
        ),
        _metric("numeric_match", "numeric:NumericMatch", "Whether two numbers are equal or near."),
        _metric("regex_match", "containment:RegexMatch", "Whether a pattern matches the answer."),
        _metric("rouge_l", "overlap:RougeL", "F-measure of the longest common word sequence."),
        _metric("token_f1", "overlap:TokenF1", "F1 of the words that two texts share."),
        _metric(
            "latency",
            "cost:Latency",
            "How long the call took.",
            bounds=(0.0, None),
            direction="minimize",
            units="ms",
        ),
        _metric(
            "token_count",
            "cost:TokenCount",
            "How many tokens the call took.",
            bounds=(0.0, None),
            direction="none",
            units="tokens",
        ),
        _judged(
            "conversation_judge",
            "ConversationJudge",
            "How well judges find that a conversation went.",
            subject="trace",
        ),
        _judged(
            "judge_best_of",
            "JudgeBestOf",
            "How good judges find the best of all samples.",
            subject="candidates",
        ),
        _judged("judge_majority", "JudgeMajority", "What most judges say of an answer."),
        _judged("judge_panel", "JudgePanel", "How a panel of judges grades an answer."),
        _metric(
            "pass_at_k",
            "passes:PassAtK",
            "The chance that one of k samples is right.",
            subject="candidates",
        ),
        _metric(
            "pass_hat_k",
            "passes:PassHatK",
            "The chance that all of k samples are right.",
            subject="candidates",
        ),
        _judged("pairwise_preference", "PairwisePreference", "Which of two answers judges prefer."),
        _judged("reference_grading", "ReferenceGrading", "Whether judges find the answer right."),
        _judged("rubric_score", "RubricScore", "How well judges find that a rubric is met."),
        _judged(
            "trace_judge",
            "TraceJudge",
            "How well judges find that an agent worked.",
            subject="trace",
        ),
    ]


@hookimpl
def themis_selectors() -> list[SelectorDeclaration]:
    """Which of a trial's candidates are reduced."""
    return [
        _selector("readable", "Readable", "Candidates from which an answer can be read."),
        _selector("top_k", "TopK", "The k candidates that a metric scores best."),
    ]


@hookimpl
def themis_reducers() -> list[ReducerDeclaration]:
    """How a trial's candidates become one."""
    return [
        _reducer("best_of_n", "choosing:BestOfN", "The candidate that a metric scores best."),
        _reducer("first", "choosing:First", "The first candidate."),
        _reducer("longest", "choosing:Longest", "The candidate with the longest output."),
        _reducer("majority_vote", "voting:MajorityVote", "The output that is given most often."),
        _reducer(
            "self_consistency",
            "voting:SelfConsistency",
            "The parsed answer that is given most often.",
        ),
    ]


@hookimpl
def themis_storage_backends() -> list[StorageBackendDeclaration]:
    """The store of a project that names no other."""
    return [
        StorageBackendDeclaration(
            name="sqlite_blob",
            implementation="themis.storage.sqlite_store:open_store",
            config="themis.specs.storage:SqliteBlobStorageSpec",
            version="1.0.0",
            summary="A SQLite database and a folder of blobs.",
        )
    ]


def _extractor(name: str, implementation: str, summary: str) -> ExtractorDeclaration:
    where = f"themis.builtins.extractors.{name}:{implementation}"
    return ExtractorDeclaration(
        name=name,
        implementation=where,
        config=f"{where}Settings",
        version="1.0.0",
        summary=summary,
    )


def _metric(name: str, where: str, summary: str, **facts: Any) -> MetricDeclaration:
    implementation = f"themis.builtins.{where if '.' in where else f'metrics.{where}'}"
    return MetricDeclaration(
        name=name,
        implementation=implementation,
        config=f"{implementation}Settings",
        version="1.0.0",
        summary=summary,
        **{"bounds": (0.0, 1.0), **facts},
    )


def _selector(name: str, implementation: str, summary: str) -> SelectorDeclaration:
    where = f"themis.builtins.selectors.choosing:{implementation}"
    return SelectorDeclaration(
        name=name, implementation=where, config=f"{where}Settings", version="1.0.0", summary=summary
    )


def _reducer(name: str, where: str, summary: str) -> ReducerDeclaration:
    implementation = f"themis.builtins.reducers.{where}"
    return ReducerDeclaration(
        name=name,
        implementation=implementation,
        config=f"{implementation}Settings",
        version="1.0.0",
        summary=summary,
    )


def _judged(name: str, implementation: str, summary: str, **facts: Any) -> MetricDeclaration:
    return _metric(name, f"judges.{name}:{implementation}", summary, judge_backed=True, **facts)

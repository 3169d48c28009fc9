"""One secret, planted wherever a user could have it, is in nothing that a run leaves behind."""

from __future__ import annotations

import json
import os
import traceback

import attrs
import pytest
from click.testing import CliRunner
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from sqlalchemy import func, select
from themis_otel.config import OtelConfig
from themis_otel.tracing import OpenTelemetryTracing

from themis import BenchmarkSpec, Orchestrator, ProjectSpec
from themis.cli import main
from themis.errors import ThemisError
from themis.experiment.experiment import Experiment
from themis.runtime.context import RuntimeContext
from themis.specs import PostgresBlobStorageSpec, SqliteBlobStorageSpec
from themis.storage import SqliteRunStore, schema
from themis.testing import FaultServer, StatusError
from themis.testing.openai_server import last_text
from themis.testing.openai_wire import Answer, ToolRequest

SECRET = "Pl4nted5ecretThatNobodySees0123456789"
"""Of no known form: only where it is, and its value, tell what it is."""

FORMATS = ("text", "markdown", "csv", "json", "latex", "html")
ITEMS = [
    {"item_id": "echo", "q": "say it", "answer": "x"},
    {"item_id": "tool", "q": "use the tool", "answer": "x"},
    {"item_id": "broken-tool", "q": "use the broken tool", "answer": "x"},
    {"item_id": "refused", "q": "be refused", "answer": "x"},
    {"item_id": "garbled", "q": "be garbled", "answer": "x"},
]


def answer(messages, body):
    """A model that tells everything that it was sent, and then some."""
    said = last_text(messages)
    if any(message.get("role") == "tool" for message in messages):
        return f"the tool said: {messages[-1]['content']}"
    if "tool" in said and body.get("tools"):
        name = "broken" if "broken" in said else "lookup"
        return Answer(tools=[ToolRequest(name=name, arguments={"key": SECRET})])
    return Answer(text=f"I was sent {SECRET}. Verdict: 5", reasoning=f"my key is {SECRET}")


def faults(call):
    if b"be refused" in call.raw:
        return StatusError(401, message=f"Incorrect API key provided: {SECRET}")
    if b"be garbled" in call.raw:
        return StatusError(500, body=f"<pre>{dict(call.headers)}</pre>".encode())
    return None


def lookup(key):
    return {"found": os.environ["TEAM_TOKEN"], "by": key}


def broken(key):
    msg = f"cannot log in with {os.environ['TEAM_TOKEN']} for {key}"
    raise RuntimeError(msg)


def benchmark(server):
    model = {
        "model_id": "m",
        "provider": "openai",
        "extras": {
            "base_url": server.base_url,
            "api_key_env": "TEAM_TOKEN",
            "headers": {"X-Team-Token": "Bearer env:TEAM_TOKEN", "X-Plain": "env:TEAM_TOKEN"},
            "query": {"signature": "env:TEAM_TOKEN"},
        },
    }
    tools = [
        {"name": name, "description": "d", "parameters": {"type": "object"}}
        for name in ("lookup", "broken")
    ]
    rubric = {"id": "rubric_score", "config": {"rubric": "r", "judges": [{"model": model}]}}
    return BenchmarkSpec.model_validate(
        {
            "benchmark_id": "b",
            "models": [model],
            "prompt_variants": [
                {"id": "p", "messages": [{"role": "user", "content": "{{ item.q }}"}]}
            ],
            "inference_grid": {"params": [{}]},
            "slices": [
                {
                    "slice_id": "s",
                    "dataset": {"source": "memory"},
                    "generation": {"tools": tools},
                    "scores": [{"name": "c", "metrics": ["exact_match", rubric]}],
                }
            ],
        }
    )


@attrs.define
class Left:
    """Everything that was left behind, by name, as text."""

    texts: dict[str, str] = attrs.field(factory=dict)

    def add(self, name, value):
        self.texts[name] = value if isinstance(value, str) else repr(value)

    def folder(self, folder):
        for path in folder.rglob("*"):
            if path.is_file():
                self.add(str(path), path.read_bytes().decode("latin-1"))

    def with_secret(self):
        return {
            name: text[max(0, text.index(SECRET) - 80) :][:160]
            for name, text in self.texts.items()
            if SECRET in text
        }


@pytest.fixture(scope="module")
def left(tmp_path_factory):
    """What a run leaves behind whose server, tools and environment know the secret."""
    folder = tmp_path_factory.mktemp("run")
    left = Left()
    exporter = InMemorySpanExporter()
    provider = TracerProvider()
    provider.add_span_processor(SimpleSpanProcessor(exporter))
    with pytest.MonkeyPatch.context() as patch, FaultServer(answer=answer, faults=faults) as server:
        patch.setenv("TEAM_TOKEN", SECRET)
        patch.chdir(folder)
        context = RuntimeContext(
            tool_handlers={"lookup": lookup, "broken": broken},
            tracing_provider=OpenTelemetryTracing(
                OtelConfig(record_content=True), tracer_provider=provider
            ),
        )
        project = ProjectSpec(storage=SqliteBlobStorageSpec(root_dir="store"))
        spec = benchmark(server)
        with Orchestrator.from_project_spec(
            project, dataset_loader=lambda _: ITEMS, parallel_candidates=1
        ) as orchestrator:
            left.add("plan", orchestrator.plan(spec))
            result = orchestrator.run_benchmark(spec, runtime=context)
            assert server.count() >= len(ITEMS)
            assert all(SECRET in call.headers["x-plain"] for call in server.calls)
            left.add("result", result)
            left.add("notebook", result._repr_html_())
            left.add("context", context)
            left.add("trials", [result.get_trial(name) for name in result.trial_hashes])
        read_back(left, folder, result.run_id)
    for number, span in enumerate(exporter.get_finished_spans()):
        left.add(f"span {number} {span.name}", span.to_json())
    left.folder(folder)
    return left


def read_back(left, folder, run_id):
    with SqliteRunStore(folder / "store", read_only=True) as store:
        with store.reader() as connection:
            last = connection.scalar(select(func.max(schema.events.c.seq)))
        for seq, event in store.events(range(1, last + 1)).items():
            left.add(f"event {seq} {event.kind}", json.dumps(event.value))
    commands = [
        ("runs", "--json"),
        ("progress", run_id),
        ("inspect", "snapshot", run_id),
        ("inspect", "state", run_id),
        ("quickcheck", run_id),
        *(("report", run_id, "--format", form, "-o", f"report.{form}") for form in FORMATS),
        *(
            ("export", stage, run_id, f"{stage}.jsonl")
            for stage in ("generation", "score", "evaluation")
        ),
    ]
    for command in commands:
        done = CliRunner().invoke(main, [*command, "--store", "store"])
        left.add(" ".join(command), done.output)


def test_nothing_that_a_run_leaves_behind_holds_the_secret(left):
    assert left.with_secret() == {}


def test_the_run_did_leave_behind_what_was_searched(left):
    every = "\n".join(left.texts)
    for part in ("store/themis", "event ", "report.html", "evaluation.jsonl", "span ", "notebook"):
        assert part in every
    said = "".join(left.texts.values())
    assert "I was sent [redacted]" in said
    assert "cannot log in with" in said


EXPERIMENT = {
    "generation": {"generator": "echo:m"},
    "evaluation": {"metrics": "exact_match"},
    "datasets": [{"cases": [{"input": "a", "expected_output": "a"}]}],
}


@pytest.mark.parametrize(
    "planted",
    [
        {"environment_metadata": {"api_key": SECRET}},
        {"provider_metadata": {"nested": [{"client_secret": SECRET}]}},
        {"storage": {"store": "sqlite", "parameters": {"path": "runs", "password": SECRET}}},
        {
            "storage": {
                "store": "postgres",
                "parameters": {"database_url": f"postgresql://u:{SECRET}@h/d"},
            }
        },
        {"generation": {"generator": "echo:m", "params": {"extras": {"api_key": SECRET}}}},
        {"generation": {"generator": "echo:m", "api_key": SECRET}},
        {
            "generation": {
                "generator": {
                    "model_id": "m",
                    "provider": "echo",
                    "extras": {"headers": {"Authorization": f"Bearer {SECRET}"}},
                }
            }
        },
        {"evaluation": {"metrics": [{"id": "exact_match", "config": {"auth_token": SECRET}}]}},
        {"runtime": {"password": SECRET}},
    ],
    ids=lambda planted: next(iter(planted)),
)
def test_a_secret_written_into_an_experiment_is_refused_and_not_shown(
    planted, tmp_path, monkeypatch
):
    monkeypatch.chdir(tmp_path)
    path = tmp_path / "experiment.json"
    path.write_text(json.dumps({**EXPERIMENT, **planted}))
    with pytest.raises(ThemisError) as raised:
        Experiment.from_config(path).run(store=str(tmp_path / "store"))
    told = "".join(traceback.format_exception(raised.value)) + repr(raised.value)
    assert SECRET not in told
    left = Left()
    left.folder(tmp_path / "store")
    assert left.with_secret() == {}


def test_a_password_in_a_database_url_is_refused_and_not_shown(tmp_path):
    url = f"postgresql://user:{SECRET}@127.0.0.1:1/db"
    project = ProjectSpec(
        storage=PostgresBlobStorageSpec(database_url=url, blob_root_dir=str(tmp_path))
    )
    assert SECRET not in repr(project)
    with pytest.raises(ThemisError) as raised:
        Orchestrator.from_project_spec(project)
    assert SECRET not in "".join(traceback.format_exception(raised.value))


def test_a_database_that_cannot_be_reached_is_named_without_its_password(tmp_path, monkeypatch):
    monkeypatch.setenv("TEAM_DATABASE", f"postgresql://user:{SECRET}@127.0.0.1:1/db")
    project = ProjectSpec(
        storage=PostgresBlobStorageSpec(
            database_url="env:TEAM_DATABASE", blob_root_dir=str(tmp_path)
        )
    )
    with pytest.raises(ThemisError) as raised:
        Orchestrator.from_project_spec(project)
    assert SECRET not in "".join(traceback.format_exception(raised.value))

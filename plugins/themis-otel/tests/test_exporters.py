"""Where spans go: the program's own tracer provider, stderr, or a collector."""

from __future__ import annotations

import gzip
import json
import re
import sys
import threading
from http.server import BaseHTTPRequestHandler, HTTPServer

import pytest
from click.testing import CliRunner
from opentelemetry import trace
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from themis_otel.config import OtelConfig
from themis_otel.tracing import OpenTelemetryTracing

from themis import ProjectSpec
from themis.cli import main
from themis.errors import OptionalDependencyError
from themis.specs import ObserverRefSpec

BENCHMARK = """
benchmark_id = "echoes"
models = [{ model_id = "a", provider = "echo" }]
prompt_variants = [{ id = "plain", messages = [{ role = "user", content = "{{ item.text }}" }] }]
inference_grid = { params = [{}] }

[[slices]]
slice_id = "words"
dataset = { source = "local", dataset_id = "items.jsonl" }
generation = {}
scores = [{ name = "same", metrics = ["exact_match"] }]
"""


def observed(**config):
    return ProjectSpec(observers=[ObserverRefSpec(id="otel", config=config)])


@pytest.fixture
def collector(monkeypatch):
    """A collector on this machine: what it was sent."""
    received = []

    class Collector(BaseHTTPRequestHandler):
        def do_POST(self):
            body = self.rfile.read(int(self.headers["Content-Length"]))
            if self.headers.get("Content-Encoding") == "gzip":
                body = gzip.decompress(body)
            received.append((self.path, ExportTraceServiceRequest.FromString(body)))
            self.send_response(200)
            self.end_headers()

        def log_message(self, *arguments):
            pass

    server = HTTPServer(("127.0.0.1", 0), Collector)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    monkeypatch.setenv("OTEL_EXPORTER_OTLP_ENDPOINT", f"http://127.0.0.1:{server.server_port}")
    yield received
    server.shutdown()
    server.server_close()
    thread.join()


def test_the_observer_uses_the_tracer_provider_of_the_program(run, exporter, sdk, monkeypatch):
    monkeypatch.setattr(trace, "get_tracer_provider", lambda: sdk)
    run(project=observed())
    assert "run sums" in {span.name for span in exporter.get_finished_spans()}


def test_the_console_is_stderr_with_a_line_of_json_a_span(run, capsys):
    run(project=observed(exporter="console"))
    out, err = capsys.readouterr()
    names = [json.loads(line)["name"] for line in err.splitlines()]
    assert (out, len(names), names[-1]) == ("", 6, "run sums")


@pytest.mark.parametrize("command", ["run", "resume"])
def test_a_command_names_the_observer(command, sdk, exporter, monkeypatch, tmp_path):
    monkeypatch.setattr(trace, "get_tracer_provider", lambda: sdk)
    monkeypatch.chdir(tmp_path)
    (tmp_path / "b.toml").write_text(BENCHMARK)
    (tmp_path / "items.jsonl").write_text('{"text": "one", "answer": "one"}\n')
    quiet = ["--progress", "none", "--observer", "otel"]
    if command == "run":
        done = CliRunner().invoke(main, ["run", "b.toml", *quiet])
    else:
        first = CliRunner().invoke(
            main, ["run", "b.toml", "--progress", "none", "--stage", "generate"]
        )
        run_id = re.search(r"report (\w+)", first.stdout)[1]
        done = CliRunner().invoke(main, ["resume", run_id, *quiet])
    assert done.exit_code == 0, done.output
    assert "score exact_match" in {span.name for span in exporter.get_finished_spans()}


def test_a_collector_has_every_span_when_the_run_has_ended(run, collector):
    run(project=observed(exporter="otlp", service_name="mine"))
    sent = [found for _, request in collector for found in request.resource_spans]
    spans = [span for each in sent for scope in each.scope_spans for span in scope.spans]
    named = {(pair.key, pair.value.string_value) for pair in sent[0].resource.attributes}
    assert {path for path, _ in collector} == {"/v1/traces"}
    assert sorted(span.name for span in spans) == [
        "chat gpt-judge", "chat m-1", "parse number", "run sums", "score numeric_match",
        "score rubric_score",
    ]  # fmt: skip
    assert ("service.name", "mine") in named


def test_a_collector_that_is_not_there_changes_nothing(run, monkeypatch):
    monkeypatch.setenv("OTEL_EXPORTER_OTLP_ENDPOINT", "http://127.0.0.1:9")
    monkeypatch.setenv("OTEL_EXPORTER_OTLP_TIMEOUT", "1")
    assert run(project=observed(exporter="otlp")) == "completed"


def test_an_exporter_that_is_not_installed_names_the_extra(monkeypatch):
    name = "opentelemetry.exporter.otlp.proto.http.trace_exporter"
    monkeypatch.setitem(sys.modules, name, None)
    with pytest.raises(OptionalDependencyError, match=r"install themis-otel\[otlp\]"):
        OpenTelemetryTracing(OtelConfig(exporter="otlp"))

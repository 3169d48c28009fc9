"""A credential that is written out is refused, wherever it stands, before anything is stored."""

from __future__ import annotations

import pytest

from themis import Experiment, InMemoryRunStore, Orchestrator, ProjectSpec
from themis.errors import SpecValidationError
from themis.specs import BenchmarkSpec

KEY = "sk-abcdefghij0123456789"
RANDOM = "q8Zr7kTn2Vw5Xy1Lm4Pb"


def experiment(**changes):
    fields = {
        "generation": {"generator": "echo"},
        "evaluation": {"metrics": ["exact_match"]},
        "datasets": [{"cases": [{"input": "1", "expected_output": "1"}]}],
    }
    return Experiment(**{**fields, **changes})


@pytest.mark.parametrize(
    ("changed", "path"),
    [
        (
            {"generation": {"generator": {"model_id": "m", "provider": "openai",
                                          "extras": {"headers": {"X-Team": RANDOM}}}}},
            "generation.generator.extras.headers.X-Team",
        ),
        (
            {"generation": {"generator": "echo", "params": {"extras": {"api_key": "abc"}}}},
            "generation.params.extras.api_key",
        ),
        (
            {"generation": {"generator": "echo", "prompt_spec": {"prefix": f"Use {KEY}"}}},
            "generation.prompt_spec.prefix",
        ),
        ({"environment_metadata": {"password": "hunter2"}}, "environment_metadata.password"),
        (
            {"environment_metadata": {"note": "-----BEGIN RSA PRIVATE KEY-----\nMIIE"}},
            "environment_metadata.note",
        ),
        ({"provider_metadata": {"note": f"Bearer {KEY}"}}, "provider_metadata.note"),
        (
            {"storage": {"store": "x", "parameters": {"database_url": "postgresql://u:p@h/n"}}},
            "storage.parameters.database_url",
        ),
        ({"evaluation": {"judge_config": {"token": "abc"}}}, "evaluation.judge_config.token"),
    ],
)  # fmt: skip
def test_an_experiments_credential_is_refused_with_its_path(changed, path):
    with InMemoryRunStore() as store:
        with pytest.raises(SpecValidationError) as caught:
            experiment(**changed).run(store=store)
        assert store.runs() == []
    assert [issue.key for issue in caught.value.issues] == [path]
    assert "write 'env:NAME' and set NAME" in str(caught.value)


@pytest.mark.parametrize(
    "changed",
    [
        {"environment_metadata": {"api_key": "env:KEY", "max_tokens": 5}},
        {"provider_metadata": {"database": "postgresql://me@host/name"}},
    ],
)
def test_what_only_says_where_a_credential_is_passes(changed):
    assert experiment(**changed).run().status == "completed"


def test_a_case_may_speak_of_credentials():
    cases = [{"input": f"Is {KEY} a key?", "expected_output": "yes"}]
    assert experiment(datasets=[{"cases": cases}]).run().status == "completed"


def benchmark(**changes):
    fields = {
        "benchmark_id": "b",
        "models": [{"model_id": "m", "provider": "echo"}],
        "slices": [{"slice_id": "s", "dataset": {"source": "memory"}, "generation": {}}],
        "prompt_variants": [{"id": "p", "messages": [{"role": "user", "content": "{{ item.q }}"}]}],
        "inference_grid": {"params": [{}]},
    }
    return BenchmarkSpec.model_validate({**fields, **changes})


@pytest.mark.parametrize(
    ("changed", "path"),
    [
        (
            {"models": [{"model_id": "m", "provider": "echo", "extras": {"api_key": "abc"}}]},
            "models[0].extras.api_key",
        ),
        (
            {"inference_grid": {"params": [{"extras": {"auth_token": "abc"}}]}},
            "params[0].extras.auth_token",
        ),
        (
            {"prompt_variants": [{"id": "p", "variables": {"password": "abc"},
                                  "messages": [{"role": "user", "content": "{{ item.q }}"}]}]},
            "prompt_variants[0].variables.password",
        ),
    ],
)  # fmt: skip
def test_a_benchmarks_credential_is_refused_with_its_path(changed, path):
    with InMemoryRunStore() as store:
        orchestrator = Orchestrator.from_project_spec(
            ProjectSpec(), storage_bundle=store, dataset_loader=lambda _: [{"q": "x"}]
        )
        with pytest.raises(SpecValidationError) as caught:
            orchestrator.run_benchmark(benchmark(**changed))
        assert store.runs() == []
    assert [issue.key for issue in caught.value.issues] == [path]


def test_a_projects_credential_is_refused_with_its_path():
    project = ProjectSpec(metadata={"api_key": "abc"})
    with InMemoryRunStore() as store:
        orchestrator = Orchestrator.from_project_spec(
            project, storage_bundle=store, dataset_loader=lambda _: [{"q": "x"}]
        )
        with pytest.raises(SpecValidationError, match=r"project\.metadata\.api_key"):
            orchestrator.run_benchmark(benchmark())

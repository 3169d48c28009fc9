"""Whole inputs that fuzzing starts from: what each target reads with success."""

from __future__ import annotations

from collections.abc import Mapping

__all__ = ["SEEDS", "WORDS"]

_TOML = b"""
benchmark_id = "b"
models = [{ model_id = "m", provider = "echo" }]
inference_grid = { params = [{}] }
[[prompt_variants]]
id = "plain"
messages = [{ role = "user", content = "{{ item.q }}" }]
[[slices]]
slice_id = "s"
dataset = { source = "local", dataset_id = "rows.jsonl", split = "test" }
generation = {}
parses = [{ name = "p", extractors = ["first_number"] }]
scores = [{ name = "c", parse = "p", metrics = ["exact_match"] }]
[project.execution_policy]
max_retries = 5
[runtime]
deadline_seconds = { generate = 120 }
"""
_YAML = b"""
project: {project_name: x, global_seed: 0x1f}
benchmark:
  benchmark_id: b
  inference_grid: {params: [&p {max_tokens: 9}, {<<: *p, temperature: 0.5}]}
  models: !!seq [{model_id: m, provider: echo}]
  prompt_variants: [{id: p, messages: [{role: user, content: "{{ item.q }} \\u0041"}]}]
  slices: [{slice_id: s, dataset: {source: memory, dataset_id: d}, generation: {}}]
"""
_JSON = (
    b'{"generation": {"generator": "echo:m"}, "evaluation": {"metrics": "exact_match"}, '
    b'"datasets": [{"cases": [{"input": "a", "expected_output": 1e5}]}], "seeds": [1, -2]}'
)
_LOCK = b"""version = 1
[core]
version = "0.1.0"
api = "1.0"
[[distribution]]
name = "themis-openai"
version = "0.1.0"
digest = "sha256:00"
"""

SEEDS: Mapping[str, tuple[bytes, ...]] = {
    "refs": (b"themis-openai/openai@1:org/model:tag", b"a@>=1.2,<2", b"x@^1.2", b"b@~1", b"c@1.*"),
    "canonical": (
        b'{"a":[1.5,{"$float":"1e-06"},{"$int":"99999999999999999999"}]}',
        b'{"$map":{"$utf8":"eda080"},"b":{"$bytes":"00ff"}}',
    ),
    "extractors": (
        b"The answer is (B). So \\boxed{\\frac{1}{2}} = 1,234.5e-3 #### 3/4",
        b'Sure: ```json\n{"answer": [1, {"a": "}"}]}\n``` 50% $5',
    ),
    "verdicts": (b"I think.\nVerdict: B", b'{"verdict": 7.5}'),
    "toml": (_TOML,),
    "yaml": (_YAML,),
    "json": (_JSON,),
    "lock": (_LOCK,),
    "hand_off": (b'{"format":"themis-generation-hand-off/1","run_id":"r","tasks_hash":""}\n{}\n',),
    "rows_csv": (b'item_id,q\na,"1,\n2"\n',),
    "rows_gzip": (b"\x1f\x8b\x08\x00\x00\x00\x00\x00",),
    "rows_json": (b'[{"item_id": "a", "q": "\\ud83d"}, {"q": [1, null]}]',),
    "rows_jsonl": (b'{"item_id": "a", "q": 1}\n\n{"q": "b"}\n',),
    "rows_parquet": (b"PAR1" + bytes(20) + b"PAR1",),
}

WORDS = (
    b"[", b"]", b"{", b"}", b"{{", b"}}", b":", b",", b".", b"..", b"=", b"@", b"/", b"#", b"-",
    b"*a", b"&a ", b"<<: ", b"!!", b"? ", b"|", b">", b"%YAML ", b"---\n", b"\n", b"\r\n", b" ",
    b"\t", b"\x00", b"\x1b[31m", b"\xff", b"\xed\xa0\x80", b"\xe2\x80\xae", b"\\u", b"\\ud800",
    b"\\UFFFFFFFF", b'"', b"'", b'"""', b"'''", b"0x", b"1e999", b"nan", b"9" * 40, b"true",
    b"null", b"\\boxed{", b"\\frac{", b"answer is ", b"Verdict: ", b"benchmark_id", b"slices",
    b"datasets", b"generation", b"storage", b'"$float":', b'"$map":', b"format", b"tasks_hash",
)  # fmt: skip
"""Pieces of the grammars, which random bytes hardly ever hit upon."""

"""The text that small payloads are compressed against.

A payload of 700 bytes is mostly keys that every payload has: against this dictionary it shrinks to
a third, and faster than without one (2 us against 5). It is part of the stored format, encoding
ZSTD: never change it; a better one gets an encoding of its own.
"""

from __future__ import annotations

__all__ = ["DICTIONARY"]

# The commonest text comes last, where zstd reaches it with the shortest offsets.
DICTIONARY = (
    b'{"arm":0,"benchmark_id":"","candidates":[[0,0,1],[1,0,2]],"dataset_id":null,"dimensions":{},'
    b'"item_id":"item-0","payload":{"answer":"","choices":["A","B","C","D"],"context":"","id":"",'
    b'"question":"","subject":""}},"steps":[{"arguments":{},"call_id":"call_","content":"",'
    b'"kind":"tool_call","name":""},{"content":"","kind":"tool_result"},'
    b'{"content":"","kind":"message","role":"user"},{"content":"","kind":"message","role":"system"},'
    b'{"content":"","kind":"message","role":"assistant"}],"error":{"code":"metric_computation",'
    b'"message":""},"failure":{"attempts":1,"code":"provider_timeout","message":"","retryable":true,'
    b'"stage":"generate"},"code":"provider_rate_limit","code":"provider_unavailable",'
    b'"judge_audits":[{"entries":[{"attempts":1,"duration_ms":0.0,"judge_spec":{"extras":{},"model":'
    b'{"model_id":"","provider":""},"params":{"max_tokens":1024,"temperature":0.0}},"metric_id":"",'
    b'"prompt":[{"content":"","role":"system"},{"content":"","role":"user"}],"response":{"inference"'
    b':{"raw_text":""},"text":""},"seed":0}],"metric_id":""}],"failure_reason":"","warnings":[""],'
    b'"structured_output":{},"logprobs":[{"logprob":-0.0,"token":" "}],"reasoning_trace":"",'
    b'"time_to_first_token_ms":0.0,"reasoning":0,"cached":0,"start":0,"trials":[[0,"item-0","'
    b'","parses":[{"extractions":[{"extractor_id":"builtin/regex","parsed_answer":"","success":false'
    b'}],"key":"","transform_hash":""}],"sample":0,"scores":[{"details":{},"error":null,'
    b'"evaluation_hash":"","key":"","metric":0,"metric_id":"exact_match","value":0.0,"warnings":[]},'
    b'{"details":{},"error":null,"evaluation_hash":"","key":"","metric":1,"metric_id":"contains",'
    b'"value":1.0,"warnings":[]}],"timeline":[{"component":"builtin/","duration_ms":0.0,"end":17'
    b',"stage":"parse","start":17,"status":"ok"},{"component":"builtin/","duration_ms":0.0,"end":17'
    b',"stage":"score","start":17,"status":"ok"}],"trial":1}'
    b'{"conversation":null,"failure":null,"inference":{"finish_reason":"stop","latency_ms":0.0,'
    b'"provider_request_id":"chatcmpl-","raw_text":"The answer is ","token_usage":{"completion":'
    b'1,"prompt":1,"total":1}},"links":[],"sample":0,"seed":1,"status":"ok","timeline":['
    b'{"component":"prompt","duration_ms":0.0,"end":17,"stage":"render","start":17,"status":"ok"},'
    b'{"component":"builtin/demo@1.0.0","duration_ms":0.0,"end":17,"stage":"generate","start":17'
    b',"status":"ok"}],"trial":1}'
)

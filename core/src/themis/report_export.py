"""Machine-readable results, for CI and other programs: see `docs/report-contract.md`."""

from themis.reporting.contract import result_to_dict
from themis.reporting.contract_comparison import compare_results
from themis.reporting.contract_files import comparison_to_json, document_schema, result_to_json

__all__ = [
    "compare_results",
    "comparison_to_json",
    "document_schema",
    "result_to_dict",
    "result_to_json",
]

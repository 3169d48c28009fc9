from __future__ import annotations

import pytest
from pydantic import ValidationError

from themis.specs import ExecutionPolicySpec, LocalBackendSpec, ProjectSpec


def test_a_project_may_be_left_out_entirely() -> None:
    project = ProjectSpec()
    assert (project.project_name, project.researcher_id, project.global_seed) == ("default", "", 0)
    assert project.execution_policy == ExecutionPolicySpec()
    assert project.execution_backend == LocalBackendSpec()
    assert project.metadata == {}


def test_labels_are_strings() -> None:
    with pytest.raises(ValidationError, match=r"metadata\.year"):
        ProjectSpec(metadata={"year": 2024})

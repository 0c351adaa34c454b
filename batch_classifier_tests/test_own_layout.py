"""The tests' own order: what is shared lives in conftest files and support modules, so that each test file stands alone."""

import ast
from pathlib import Path

import pytest

from batch_classifier_tests.support.repository import REPOSITORY

TESTS = REPOSITORY / "batch_classifier_tests"


def imported(path: Path) -> set[str]:
    """The modules that a file imports, as they are written, and the names it takes from them."""
    found: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            found |= {f"{node.module or ''}.{alias.name}" for alias in node.names} | {node.module or ""}
    return found


@pytest.mark.parametrize("path", sorted(TESTS.rglob("*.py")), ids=lambda path: str(path.relative_to(TESTS)))
def test_no_file_imports_a_test_file_or_a_conftest(path: Path) -> None:
    parts = {
        part for module in imported(path) if module.startswith("batch_classifier_tests") for part in module.split(".")
    }
    assert [part for part in parts if part.startswith("test_") or part == "conftest"] == []

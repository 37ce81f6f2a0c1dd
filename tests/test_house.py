"""The limits of the house that no linter holds."""

import ast
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
MODULES = sorted([*(ROOT / "assistant").rglob("*.py"), *(ROOT / "scripts").rglob("*.py")])
EXCEPTED = {"assistant/dialogue/machine.py"}
"""The table of the dialogue stands in one file."""
LIMIT_LINES, LIMIT_FUNCTION_LINES = 300, 40


def test_no_module_is_over_300_lines() -> None:
    long = {str(path.relative_to(ROOT)): len(path.read_text(encoding="utf-8").splitlines()) for path in MODULES}

    assert {path: lines for path, lines in long.items() if lines > LIMIT_LINES and path not in EXCEPTED} == {}


def test_no_function_is_over_40_lines() -> None:
    long = {
        f"{path.relative_to(ROOT)}:{node.name}": node.end_lineno - node.lineno + 1
        for path in MODULES
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and node.end_lineno is not None
        if str(path.relative_to(ROOT)) not in EXCEPTED
    }

    assert {name: lines for name, lines in long.items() if lines > LIMIT_FUNCTION_LINES} == {}


def test_nothing_pickles() -> None:
    assert [
        str(path)
        for path in MODULES
        if "pickle" in {name for node in ast.walk(ast.parse(path.read_text())) for name in _imported(node)}
    ] == []


@pytest.mark.parametrize("heavy", ["numpy", "onnxruntime", "sounddevice", "llama_cpp", "faster_whisper", "paho"])
def test_asking_loads_no_heavy_library(heavy: str) -> None:
    code = f"import sys, assistant.app, assistant.cli; sys.exit({heavy!r} in sys.modules)"

    assert subprocess.run([sys.executable, "-c", code], check=False, timeout=60).returncode == 0


def _imported(node: ast.AST) -> list[str]:
    if isinstance(node, ast.Import):
        return [alias.name for alias in node.names]
    return [node.module or ""] if isinstance(node, ast.ImportFrom) else []

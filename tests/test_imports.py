"""The import direction, and what must stay out of the app server's start."""

import ast
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent

# Each layer may import itself and those after it.
LAYERS = ["app", "pages", "widgets", "vae_core"]

# The parts a model is assembled from know nothing of each other, nor of who uses them.
PARTS = ["nets", "likelihoods", "posteriors", "priors"]
USERS = ["model", "objectives", "training", "analysis", "evaluation", "export"]

AT_SERVER_START = [
    "vae_core",
    "vae_core.spec",
    "vae_core.recipes",
    "vae_core.data",
    "vae_core.data.catalogue",
    "vae_core.training.run",
    "vae_core.training.launch",
]
HEAVY = ["torch", "torchvision", "streamlit", "sklearn", "scipy", "plotly", "PIL"]


def sources(layer: str) -> list[Path]:
    return [ROOT / "app.py"] if layer == "app" else sorted((ROOT / layer).rglob("*.py"))


def imports(source: Path) -> Iterator[str]:
    """Full names of the modules that a file imports anywhere in it, relative ones resolved."""
    package = source.relative_to(ROOT).parent.parts
    for node in ast.walk(ast.parse(source.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            base = package[: len(package) - node.level + 1] if node.level else ()
            module = ".".join([*base, *([node.module] if node.module else [])])
            yield module
            yield from (f"{module}.{alias.name}" for alias in node.names)


def offenders(files: list[Path], forbidden: list[str]) -> list[str]:
    def is_forbidden(name: str) -> bool:
        return any(name == module or name.startswith(f"{module}.") for module in forbidden)

    return [
        f"{source.relative_to(ROOT)} imports {name}"
        for source in files
        for name in imports(source)
        if is_forbidden(name)
    ]


@pytest.mark.parametrize("layer", LAYERS)
def test_imports_run_one_way_from_app_over_pages_and_widgets_to_the_library(layer: str) -> None:
    above = LAYERS[: LAYERS.index(layer)]
    assert offenders(sources(layer), above) == []


def test_the_library_never_imports_streamlit() -> None:
    files = sources("vae_core")
    assert files
    assert offenders(files, ["streamlit"]) == []


@pytest.mark.parametrize("part", PARTS)
def test_the_parts_of_a_model_know_nothing_of_each_other(part: str) -> None:
    others = [f"vae_core.{name}" for name in PARTS + USERS if name != part]
    assert offenders([ROOT / "vae_core" / f"{part}.py"], others) == []


def test_a_model_knows_nothing_of_training_and_analysis() -> None:
    assert offenders([ROOT / "vae_core" / "model.py"], ["vae_core.training", "vae_core.analysis"]) == []


def test_the_app_server_starts_without_torch_and_other_slow_imports() -> None:
    code = (
        f"import importlib, sys\n"
        f"for name in {AT_SERVER_START}:\n"
        f"    importlib.import_module(name)\n"
        f"    loaded = [heavy for heavy in {HEAVY} if heavy in sys.modules]\n"
        f"    assert not loaded, f'import {{name}} loads {{loaded}}'\n"
    )
    result = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True)
    assert result.returncode == 0, result.stderr

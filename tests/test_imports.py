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

# What the rooms of the library never import. `browser` is scripts and their wire format.
ROOMS = {
    "spec": ["model", "objectives", "training", "runs", "workers", "analysis", "browser"],
    "data": ["model", "objectives", "training", "runs", "workers", "analysis", "browser", "spec"],
    "model": ["data", "objectives", "training", "runs", "workers", "analysis", "browser"],
    "objectives": ["data", "training", "runs", "workers", "analysis", "browser"],
    "training": ["runs", "workers", "analysis", "browser"],
    "analysis": ["training", "runs", "workers", "browser"],
    "runs": ["training", "workers", "analysis", "browser"],
    "browser": ["data", "objectives", "training", "runs", "workers", "analysis"],
}
# And those of the app.
APP_ROOMS = {
    "widgets/shell": ["widgets.run_data", "widgets.components"],
    "widgets/run_data": ["widgets.components"],
}

# The parts a model is assembled from know nothing of each other, nor of who uses them.
PARTS = ["nets", "likelihoods", "posteriors", "priors"]

AT_SERVER_START = [
    "vae_core",
    "vae_core.spec",
    "vae_core.recipes",
    "vae_core.data",
    "vae_core.data.catalogue",
    "vae_core.runs.run",
    "vae_core.workers.launch",
]
HEAVY = ["torch", "torchvision", "streamlit", "sklearn", "scipy", "plotly", "PIL"]


def sources(layer: str) -> list[Path]:
    return [ROOT / "app.py"] if layer == "app" else sorted((ROOT / layer).rglob("*.py"))


def module_of(source: Path) -> str:
    parts = source.relative_to(ROOT).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


def circles(arrows: dict[str, set[str]]) -> Iterator[list[str]]:
    """Groups of modules that reach each other."""
    reached = {name: reach(name, arrows) for name in arrows}
    seen: set[str] = set()
    for name in sorted(arrows):
        if name in reached[name] and name not in seen:
            group = sorted(other for other in reached[name] if name in reached[other])
            seen |= set(group)
            yield group


def reach(name: str, arrows: dict[str, set[str]]) -> set[str]:
    found: set[str] = set()
    ahead = list(arrows[name])
    while ahead:
        target = ahead.pop()
        if target not in found:
            found.add(target)
            ahead += arrows[target]
    return found


def targets(source: Path, modules: set[str]) -> set[str]:
    """The modules that a file takes names from at import; of a package that it only passes, none."""
    found: set[str] = set()
    for node in ast.parse(source.read_text(encoding="utf-8")).body:
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names} & modules
        elif isinstance(node, ast.ImportFrom):
            for alias in node.names:
                inner = f"{node.module}.{alias.name}"
                found |= {inner if inner in modules else str(node.module)} & modules
    return found


def imports(source: Path) -> Iterator[str]:
    """Full names of the modules that a file imports anywhere in it, relative ones resolved."""
    package = source.relative_to(ROOT).parent.parts
    tree = ast.parse(source.read_text(encoding="utf-8"))
    for node in ast.walk(tree):
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
    others = [f"vae_core.model.{name}" for name in [*PARTS, "vae"] if name != part]
    file = ROOT / "vae_core" / "model" / f"{part}.py"
    files = [file] if file.exists() else sources(f"vae_core/model/{part}")
    assert files
    assert offenders(files, others) == []


@pytest.mark.parametrize("room", ROOMS)
def test_the_rooms_of_the_library_have_one_door(room: str) -> None:
    files = sources(f"vae_core/{room}")
    assert files
    assert offenders(files, [f"vae_core.{other}" for other in ROOMS[room]]) == []


@pytest.mark.parametrize("room", APP_ROOMS)
def test_the_rooms_of_the_app_have_one_door(room: str) -> None:
    files = sources(room)
    assert files
    assert offenders(files, APP_ROOMS[room]) == []


def test_no_page_stands_on_another() -> None:
    sections = ROOT / "pages" / "sections"
    names = sorted(path.name for path in sections.iterdir() if (path / "__init__.py").exists())
    assert len(names) > 5
    found = []
    for name in names:
        others = [f"pages.sections.{other}" for other in names if other != name]
        found += offenders(sources(f"pages/sections/{name}"), others)
    assert found == []


def test_no_two_files_import_each_other_in_a_circle() -> None:
    """At import; what a function imports when it is called closes no circle."""
    modules = {module_of(file): file for layer in LAYERS for file in sources(layer)}
    arrows = {name: targets(file, set(modules)) - {name} for name, file in modules.items()}
    assert list(circles(arrows)) == []


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

"""Components' scripts: each is put together of what it imports, and all names of one are different."""

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from widgets.components import (
    board,
    categories,
    code_map,
    code_sheet,
    completions,
    forward_pass,
    interpolate,
    latent_map,
    log_slider,
    paint,
    scripts,
    take_away,
    terms,
    traverse,
    true_posterior,
)
from widgets.components.interpolate import grid
from widgets.components.picker import drop, sheet
from widgets.shell.palette import CLASSES

ROOT = Path(scripts.__file__).parents[2]
WIDGETS = ROOT / "widgets" / "components"
MODULES: dict[str, Callable[[], str]] = {
    "board": board.script,
    "categories": categories.script,
    "code_map": code_map.script,
    "code_sheet": code_sheet.script,
    "completions": completions.script,
    "forward_pass": forward_pass.script,
    "grid": grid.script,
    "interpolate": interpolate.script,
    "latent_map": latent_map.script,
    "log_slider": log_slider.script,
    "paint": paint.script,
    "picker": sheet.script,
    "drop": drop.script,
    "take_away": take_away.script,
    "terms": terms.script,
    "traverse": traverse.script,
    "true_posterior": true_posterior.script,
}


def faults(node: str, folder: Path, script: str) -> str:
    """What is wrong with a script by itself: its syntax, names that are twice there, and names of nothing."""
    file = folder / "whole.mjs"
    file.write_text(script)
    parsed = subprocess.run([node, "--check", str(file)], capture_output=True, text=True)
    oxlint = Path(sys.executable).with_name("oxlint")
    command = [str(oxlint), "--config", str(ROOT / ".oxlintrc.json"), "--allow", "all", "--deny", "no-undef"]
    linted = subprocess.run([*command, str(file)], capture_output=True, text=True)
    return parsed.stderr + (linted.stdout if linted.returncode else "")


@pytest.mark.parametrize("name", MODULES)
def test_a_component_is_one_module_whose_names_are_all_different(
    node: str, tmp_path: Path, name: str
) -> None:
    script = MODULES[name]()
    assert "\nimport " not in script
    assert faults(node, tmp_path, script) == ""


def test_each_script_belongs_to_a_component() -> None:
    entries = [
        "board/board",
        "categories/main",
        "code_map/main",
        "code_sheet/main",
        "completions/main",
        "forward_pass/main",
        "interpolate/grid",
        "interpolate/main",
        "latent_map/map",
        "log_slider/log_slider",
        "paint/paint",
        "picker/drop",
        "picker/sheet",
        "take_away/copy_link",
        "terms/terms",
        "traverse/main",
        "true_posterior/main",
    ]
    used = {file for entry in entries for file in scripts.files(WIDGETS / f"{entry}.js")}
    alone = {WIDGETS / name / f"{name}.js" for name in ("history", "browser_store", "drawer", "present")}
    assert used | alone == {*WIDGETS.rglob("*.js"), *scripts.BROWSER.glob("*.js")}


@pytest.mark.parametrize(
    "main, other, fault",
    [
        ('import { a } from "./other.js";\nconst b = a;\n', "export const a = 1, b = 2;\n", "b"),
        (
            'import { a } from "./other.js";\nexport const b = a;\n',
            "export function a() { return c; }\n",
            "c",
        ),
        ('import { a as d } from "./other.js";\nexport const b = d;\n', "export const a = 1;\n", "d"),
    ],
    ids=["a name twice", "a name of nothing", "an import under another name"],
)
def test_what_would_break_in_the_browser_is_found(
    node: str, tmp_path: Path, main: str, other: str, fault: str
) -> None:
    (tmp_path / "main.js").write_text(main)
    (tmp_path / "other.js").write_text(other)
    assert f"'{fault}'" in faults(node, tmp_path, scripts.module(tmp_path / "main.js"))


def test_classes_have_the_same_colours_in_components_and_in_charts() -> None:
    assert f"--classes: {', '.join(CLASSES)};" in (scripts.BROWSER / "controls.css").read_text()

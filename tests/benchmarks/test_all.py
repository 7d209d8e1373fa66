"""The file of all benchmarks: a section is run anew and the others stay; a script that fails is said to."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from benchmarks import all as every


def test_every_script_is_there_and_every_name_is_one_that_a_section_can_be_found_by() -> None:
    names = [benchmark.name for benchmark in every.BENCHMARKS]
    assert len(set(names)) == len(names)
    for benchmark in every.BENCHMARKS:
        assert (every.ROOT / "benchmarks" / f"{benchmark.script}.py").exists(), benchmark.script


def test_a_section_is_run_anew_and_the_others_stay(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "benchmarks.md"
    out.write_text(
        "# Benchmarks\n\n## The GPU\n<!-- gpu -->\n\nkept as it is\n\n## Old\n<!-- density -->\n\nold\n"
    )
    monkeypatch.setattr(sys, "argv", ["all.py", "density", "--quick", "--out", str(out)])
    assert every.main() == 0
    found = every.sections(out)
    assert list(found) == ["gpu", "density"]
    assert "kept as it is" in found["gpu"]
    assert "old" not in found["density"]
    assert "benchmarks/density_grid.py --components 2000" in found["density"]
    assert "Processor" in out.read_text()
    assert "done" in capsys.readouterr().out


def test_a_script_that_fails_says_why() -> None:
    broken = every.Benchmark("broken", "Broken", "density_grid", quick=("--components", "none"))
    section, passed = every.run(broken, quick=True, pythae=None)
    assert not passed
    assert "ended with 2" in section
    assert "invalid int value" in section

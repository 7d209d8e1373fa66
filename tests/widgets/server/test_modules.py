"""Modules are imported once, whoever comes first."""

import subprocess
import sys
import textwrap
from pathlib import Path


def run(folder: Path, code: str) -> str:
    done = subprocess.run(
        [sys.executable, "-c", textwrap.dedent(code)],
        cwd=folder,
        env={},  # such as PYTHONUNBUFFERED, under which lines of threads mix
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_many_at_once_wait_for_the_one_who_imports_and_find_every_module_whole(tmp_path: Path) -> None:
    package = tmp_path / "slow"
    package.mkdir()
    (package / "__init__.py").touch()
    (package / "part.py").write_text("import time\nprint('begun')\ntime.sleep(0.3)\nwhole = True\n")
    said = run(
        tmp_path,
        """
        import sys, threading
        from widgets.server import modules
        def visit():
            modules.load("slow")
            print("whole" if hasattr(sys.modules["slow.part"], "whole") else "half")
        visitors = [threading.Thread(target=visit) for _ in range(12)]
        for visitor in visitors: visitor.start()
        for visitor in visitors: visitor.join()
        """,
    )
    assert said.split() == ["begun"] + 12 * ["whole"]


def test_one_broken_module_takes_no_other_with_it(tmp_path: Path) -> None:
    package = tmp_path / "half"
    package.mkdir()
    (package / "__init__.py").touch()
    (package / "broken.py").write_text("raise ValueError('no')")
    (package / "sound.py").write_text("print('here')")
    assert run(tmp_path, 'from widgets.server import modules; modules.load("half")') == "here\n"

"""What the server needs for its first page leaves the slow libraries alone."""

import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]


def test_the_first_page_needs_no_torch() -> None:
    code = (
        "import sys\n"
        "import widgets.shell, widgets.service, widgets.gallery, widgets.own_runs, widgets.live\n"
        "import widgets.form, widgets.transport, widgets.density, widgets.components\n"
        "slow = {'torch', 'torchvision', 'sklearn', 'scipy'}\n"
        "assert not slow & set(sys.modules), slow & set(sys.modules)\n"
    )
    result = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True)
    assert result.returncode == 0, result.stderr

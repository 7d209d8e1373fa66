"""What the server sets for all its sessions."""

import os
import subprocess
import sys


def test_products_of_numpy_take_one_thread() -> None:
    script = (
        "import numpy\n"
        "from threadpoolctl import threadpool_info\n"
        "from widgets import service\n"
        "def threads():\n"
        "    return [pool['num_threads'] for pool in threadpool_info() if pool['user_api'] == 'blas']\n"
        "before = threads()\n"
        "service.limit_threads()\n"
        "print(*before, '|', *threads())"
    )
    several = os.environ | {f"{name}_NUM_THREADS": "2" for name in ("OMP", "MKL", "OPENBLAS")}
    found = subprocess.run([sys.executable, "-c", script], env=several, capture_output=True, text=True)
    before, after = found.stdout.split("|")
    assert set(after.split()) == {"1"}
    assert len(before.split()) == len(after.split())

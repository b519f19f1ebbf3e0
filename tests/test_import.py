"""Importing dynsharp is quick: what takes long to load is loaded by what needs it."""

import os
import subprocess
import sys

CODE = """
import time
begun = time.process_time()
import dynsharp
took = time.process_time() - begun
import sys
print(took, *({"matplotlib", "numba", "pandas", "scipy", "xarray"} & set(sys.modules)))
"""


def test_importing_dynsharp_is_quick_and_loads_no_heavy_module(tmp_path):
    # byte code of its own, so that the first run writes it and the others find it
    environment = {**os.environ, "PYTHONPYCACHEPREFIX": str(tmp_path)}
    environment.pop("PYTHONDONTWRITEBYTECODE", None)
    times = []
    for _ in range(3):
        output = subprocess.run(
            [sys.executable, "-c", CODE],
            capture_output=True,
            text=True,
            check=True,
            env=environment,
        ).stdout
        took, *loaded = output.split()
        assert loaded == []
        times.append(float(took))
    assert min(times) < 1, "seconds of processor time, the best of three"

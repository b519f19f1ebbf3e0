"""Importing dynsharp is quick: what takes long to load is loaded by what needs it."""

import os
import subprocess
import sys

CODE = """
import time
begun = time.process_time()
import sympy
middle = time.process_time()
import dynsharp
took = time.process_time() - middle
import sys
print(took / (middle - begun))
print(*{"matplotlib", "numba", "pandas", "scipy", "xarray"} & set(sys.modules))
"""


def test_importing_dynsharp_is_quick_and_loads_no_heavy_module():
    """In times of importing sympy, which everything here is made of: no clock of a machine."""
    environment = {**os.environ}
    environment.pop("PYTHONDONTWRITEBYTECODE", None)  # the first run writes it, the second finds it
    ratios = []
    for _ in range(2):
        output = subprocess.run(
            [sys.executable, "-c", CODE],
            capture_output=True,
            text=True,
            check=True,
            env=environment,
        ).stdout
        ratio, loaded = output.split("\n")[:2]
        assert loaded == ""
        ratios.append(float(ratio))
    assert min(ratios) < 2.5

"""What every test runs under: no display, reproducible random examples, kernels of its own."""

import os

import matplotlib
import pytest
from hypothesis import settings

matplotlib.use("Agg")
settings.register_profile(
    "dynsharp", derandomize=True, deadline=None, max_examples=20, database=None
)
settings.load_profile("dynsharp")


@pytest.fixture(autouse=True, scope="session")
def _kernel_cache(tmp_path_factory):
    """Compiled kernels go to a directory of this run, unless the caller names one to keep.

    Processes that share the work share it too.
    """
    before = os.environ.get("DYNSHARP_CACHE")
    if before is None:
        run = tmp_path_factory.getbasetemp()
        shared = run.parent if "PYTEST_XDIST_WORKER" in os.environ else run
        os.environ["DYNSHARP_CACHE"] = str(shared / "kernels")
    yield
    if before is None:
        del os.environ["DYNSHARP_CACHE"]

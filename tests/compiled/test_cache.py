"""Generated modules: one file, any number of processes."""

import os
import subprocess
import sys
import tempfile
import threading
from pathlib import Path

import pytest

from dynsharp.compiled.cache import cache_directory, load

JOB = '''
from dynsharp.compiled.cache import load
stats = load("""
from numba import njit

@njit("f8(f8)", cache=True)
def double(x):
    return x + x
""").double.stats
print(sum(stats.cache_hits.values()), sum(stats.cache_misses.values()))
'''


def run(cache):
    environment = {**os.environ, "DYNSHARP_CACHE": str(cache)}
    return subprocess.Popen(
        [sys.executable, "-c", JOB], env=environment, stdout=subprocess.PIPE, text=True
    )


def test_the_second_process_compiles_nothing(tmp_path):
    first = [run(tmp_path) for _ in range(2)]  # at once: they must not disturb each other
    for process in first:
        process.communicate(timeout=60)
        assert process.returncode == 0
    output, _ = run(tmp_path).communicate(timeout=60)
    assert output.split() == ["1", "0"]
    assert len(list(tmp_path.glob("*.py"))) == 1
    assert not list(tmp_path.glob("*.part"))


def test_directories(monkeypatch, tmp_path):
    monkeypatch.setenv("DYNSHARP_CACHE", str(tmp_path / "own"))
    assert cache_directory() == tmp_path / "own"
    blocked = tmp_path / "file"
    blocked.write_text("not a directory")
    monkeypatch.setenv("DYNSHARP_CACHE", str(blocked / "below"))
    assert cache_directory().is_relative_to(Path(tempfile.gettempdir()))
    monkeypatch.delenv("DYNSHARP_CACHE")
    if sys.platform == "linux":
        monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "xdg"))
        assert cache_directory() == tmp_path / "xdg" / "dynsharp"


def test_the_same_source_is_the_same_module_in_every_thread(monkeypatch, tmp_path):
    monkeypatch.setenv("DYNSHARP_CACHE", str(tmp_path))
    modules = []
    threads = [
        threading.Thread(target=lambda: modules.append(load("VALUE = 3\n"))) for _ in range(8)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(modules) == 8
    assert all(m is modules[0] for m in modules)
    assert modules[0].VALUE == 3


def test_a_module_that_fails_is_not_kept(monkeypatch, tmp_path):
    monkeypatch.setenv("DYNSHARP_CACHE", str(tmp_path))
    for _ in range(2):
        with pytest.raises(ZeroDivisionError):
            load("1 / 0\n")

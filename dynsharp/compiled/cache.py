"""Generated source in real files, so that numba's own cache works from one process to the next."""

from __future__ import annotations

import hashlib
import importlib.util
import os
import sys
import tempfile
import threading
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from types import ModuleType

from dynsharp.version import __version__

_lock = threading.Lock()


def cache_directory() -> Path:
    """Return the directory of the generated modules, made if need be.

    ``DYNSHARP_CACHE`` if that is set; else ``dynsharp`` in the platform's directory for caches
    (``XDG_CACHE_HOME``, ``~/.cache``, ``~/Library/Caches``, ``%LOCALAPPDATA%``); if it cannot be
    written to, a temporary one of this user.
    """
    user = str(os.getuid()) if hasattr(os, "getuid") else "user"
    fallback = Path(tempfile.gettempdir()) / f"dynsharp-{user}"
    for directory in (_preferred(), fallback):
        try:
            directory.mkdir(parents=True, exist_ok=True, mode=0o700)
            with tempfile.TemporaryFile(dir=directory):
                return directory
        except (OSError, RuntimeError):  # RuntimeError: no home directory
            continue
    return Path(tempfile.mkdtemp(prefix="dynsharp-"))


def _preferred() -> Path:
    if own := os.environ.get("DYNSHARP_CACHE"):
        return Path(own).expanduser()
    if sys.platform == "win32":
        base = os.environ.get("LOCALAPPDATA", "~/AppData/Local")
    elif sys.platform == "darwin":
        base = "~/Library/Caches"
    else:
        base = os.environ.get("XDG_CACHE_HOME") or "~/.cache"
    return Path(base).expanduser() / "dynsharp"


def load(source: str) -> ModuleType:
    """Return the module with that source, compiled or loaded from the cache.

    The file's name is a hash of the source and of the versions that its machine code depends on.
    The module is registered before it is executed: numba's cache finds a function by the name of
    its module. Files are written under another name and moved, so that several processes may do so
    at once.
    """
    text = "\n".join([source, __version__, *map(_version, ("numba", "llvmlite", "numpy"))])
    name = f"dynsharp_{hashlib.sha256(text.encode()).hexdigest()[:24]}"
    with _lock:
        if name in sys.modules:
            return sys.modules[name]
        path = cache_directory() / f"{name}.py"
        if not path.exists():
            handle, partial = tempfile.mkstemp(suffix=".part", dir=path.parent)
            with os.fdopen(handle, "w", encoding="utf-8") as file:
                file.write(source)
            os.replace(partial, path)
        spec = importlib.util.spec_from_file_location(name, path)
        assert spec is not None
        assert spec.loader is not None
        module = sys.modules[name] = importlib.util.module_from_spec(spec)
        try:
            spec.loader.exec_module(module)
        except BaseException:
            del sys.modules[name]
            raise
        return module


def _version(package: str) -> str:
    try:
        return version(package)
    except PackageNotFoundError:
        return "unknown"

"""The system that a word of the command line means: of the catalogue, or of a file."""

from __future__ import annotations

import difflib
import importlib.util
import inspect
import sys
import traceback
from pathlib import Path
from types import ModuleType
from typing import Any

from dynsharp import systems
from dynsharp.errors import InputError
from dynsharp.map import DiscreteMap


def load_system(text: str) -> DiscreteMap:
    """Return a system of the catalogue by name, or the user's own by ``file.py:name``.

    The name in the file is a `DiscreteMap`, or a function without arguments that returns one.

    Raises
    ------
    InputError
        If there is no such system, file or name, the file does not run, or the name is no map.
    """
    path, colon, name = text.rpartition(":")
    if text.endswith(".py"):
        path, name = text, ""
    elif not colon or not path.endswith(".py"):
        return systems.get(text)
    module = _run(Path(path))
    maps = [key for key, value in vars(module).items() if isinstance(value, DiscreteMap)]
    if name not in vars(module):
        close = difflib.get_close_matches(name, vars(module), n=2) if name else []
        known = close or maps
        hint = f", such as {path}:{known[0]}" if known else ""
        got = f"{path}, which has no {name!r}" if name else text
        raise InputError("system", got, f"file.py:name with the name of a DiscreteMap{hint}")
    value = vars(module)[name]
    if callable(value) and not isinstance(value, DiscreteMap):
        value = _call(Path(path), name, value)
    if not isinstance(value, DiscreteMap):
        raise InputError(
            "system",
            f"{text}, which is of type {type(value).__name__}",
            "a DiscreteMap, or a function without arguments that returns one",
        )
    return value


def _run(path: Path) -> ModuleType:
    """Execute a file as a module of its own; it may import its neighbours."""
    if not path.is_file():
        raise InputError("system", f"{path}, which is no file", "a Python file that exists")
    spec = importlib.util.spec_from_file_location(f"_dynsharp_user_{path.stem}", path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    folder, bytecode = str(path.resolve().parent), sys.dont_write_bytecode
    sys.path.insert(0, folder)
    sys.dont_write_bytecode = True  # no cache folder appears beside the user's file
    try:
        spec.loader.exec_module(module)
    except SyntaxError as error:
        where = f"{error.filename}, line {error.lineno}: {error.msg}"
        raise InputError("system", where, "a file in Python's syntax") from error
    except Exception as error:
        raise _failure(path, error) from error
    finally:
        sys.path.remove(folder)
        sys.dont_write_bytecode = bytecode
    return module


def _call(path: Path, name: str, function: Any) -> Any:
    try:
        inspect.signature(function).bind()
    except (TypeError, ValueError) as error:
        raise InputError(
            "system", f"{path}:{name}, a function with arguments", "one without arguments"
        ) from error
    try:
        return function()
    except Exception as error:
        raise _failure(path, error) from error


def _failure(path: Path, error: Exception) -> InputError:
    """Say in one line what went wrong in the user's file, and where."""
    frames = traceback.extract_tb(error.__traceback__)
    own = [f for f in frames if Path(f.filename).name == path.name]
    line = f", line {own[-1].lineno}" if own else ""
    message = " ".join(str(error).split())
    return InputError(
        "system", f"{path}{line}: {type(error).__name__}: {message}", "a file that runs"
    )

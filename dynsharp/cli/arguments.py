"""What the command line's words mean: a system, values of symbols, a sweep."""

from __future__ import annotations

import difflib
import importlib.util
import inspect
import math
import sys
import traceback
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
import sympy as sp

from dynsharp import systems
from dynsharp.errors import InputError
from dynsharp.map import DiscreteMap

__all__ = ["Sweep", "assignments", "load_system", "parse_sweep"]


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


def assignments(argument: str, texts: Iterable[str]) -> dict[str, sp.Expr]:
    """Return {name: exact number} for words like ``b=0.3``, ``rho=7/5`` or ``F=sqrt(2)``.

    One word may hold several, separated by commas.

    Raises
    ------
    InputError
        If a word is not of that kind, its value is not a finite real number, or a name comes twice.
    """
    found: dict[str, sp.Expr] = {}
    for part in (p for text in texts for p in text.split(",")):
        name, equals, value = (s.strip() for s in part.partition("="))
        if not equals or not name.isidentifier():
            raise InputError(argument, repr(part), "name=value, such as rho=1.4")
        if name in found:
            raise InputError(argument, f"{name} twice", "every name once")
        found[name] = _number(f"{argument} {name}", value)
    return found


def _number(argument: str, text: str) -> sp.Expr:
    try:
        value = sp.sympify(text.replace("^", "**"), rational=True)
        number = float(value)
    except Exception:  # sympify raises whatever its input provokes
        number = math.nan
    if not math.isfinite(number):
        raise InputError(argument, repr(text), "a real number")
    return value


@dataclass(frozen=True)
class Sweep:
    """The values of one parameter."""

    name: str
    values: Any


def parse_sweep(text: str, default: int = 2000) -> Sweep:
    """Return the sweep that a word like ``rho=0.8:2:4000`` (first:last:number) means.

    Raises
    ------
    InputError
        If it is not of that kind.
    """
    name, equals, span = (s.strip() for s in text.partition("="))
    parts = span.split(":")
    if not equals or not name.isidentifier() or len(parts) not in (2, 3):
        raise InputError("--sweep", repr(text), "name=first:last:number, such as rho=0.8:2:4000")
    first, last = (float(_number("--sweep", p)) for p in parts[:2])
    number = int(parts[2]) if len(parts) == 3 and parts[2].strip().isdigit() else default
    if (len(parts) == 3 and str(number) != parts[2].strip()) or number < 2 or not first < last:
        raise InputError(
            "--sweep", repr(text), "name=first:last:number with first < last and a number >= 2"
        )
    return Sweep(name, np.linspace(first, last, number))

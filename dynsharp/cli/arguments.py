"""What the words of a command mean, and the options that several commands have."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Annotated, Any, TypeAlias

import numpy as np
import sympy as sp
import typer

from dynsharp.cli.load import load_system
from dynsharp.errors import InputError
from dynsharp.map import DiscreteMap

System: TypeAlias = Annotated[str, typer.Argument(help="Catalogue name, or file.py:name.")]
Json: TypeAlias = Annotated[bool, typer.Option("--json", help="JSON on standard output.")]
Set: TypeAlias = Annotated[
    list[str] | None, typer.Option("--set", help="Value of a parameter, b=0.3; repeatable.")
]
Start: TypeAlias = Annotated[
    list[str] | None, typer.Option("--start", help="Starting value, F=0.4; repeatable.")
]
Parameter: TypeAlias = Annotated[
    str | None, typer.Option(help="Parameter to follow; may be left out if there is only one.")
]
At: TypeAlias = Annotated[float | None, typer.Option(help="Value of the parameter at --start.")]
Transient: TypeAlias = Annotated[int, typer.Option(help="Steps before any is kept.")]
Sweep: TypeAlias = Annotated[
    list[str], typer.Option(help="What to sweep, and its values: rho=0.8:2:4000.")
]


def _checked_figure(path: Path | None) -> Path | None:
    """Refuse a file of another kind before anything is computed."""
    if path is not None and path.suffix.lower() not in (".png", ".pdf", ".svg"):
        raise InputError("--output", str(path), "a name that ends in .png, .pdf or .svg")
    return path


_FIGURE: Any = typer.Option(
    "--output", "-o", help="Draw it: a .png, .pdf or .svg file.", callback=_checked_figure
)
Figure: TypeAlias = Annotated[Path | None, _FIGURE]
FigureFile: TypeAlias = Annotated[Path, _FIGURE]


def load(text: str, fixed: list[str] | None, swept: Iterable[str] | None = None) -> DiscreteMap:
    """Return the system with the values of ``--set`` put in; all must have one in a sweep."""
    return put_in(load_system(text), assignments("--set", fixed or ()), swept)


def one_parameter(
    text: str, parameter: str | None, fixed: list[str] | None
) -> tuple[DiscreteMap, str]:
    """Return the system with all parameters but one put in, and the name of that one."""
    m, values = load_system(text), assignments("--set", fixed or ())
    if parameter is None:
        left = [s.name for s in m.substitute(values).parameters]
        if len(left) != 1:
            raise InputError("--parameter", "nothing", f"one of {', '.join(left) or 'none'}")
        parameter = left[0]
    return put_in(m, values, [parameter]), parameter


def put_in(
    m: DiscreteMap, values: Mapping[str, sp.Expr], swept: Iterable[str] | None = None
) -> DiscreteMap:
    """Return the map with these values; in a sweep all parameters but those swept have one."""
    if swept is not None:
        moving = [m.parameter(name).name for name in swept]
        if taken := [name for name in moving if name in values]:
            raise InputError("--set", ", ".join(taken), "parameters that are not swept")
        if missing := [s.name for s in m.parameters if s.name not in (*values, *moving)]:
            wants = " ".join(f"--set {name}=VALUE" for name in missing)
            raise InputError("--set", f"no value for {', '.join(missing)} of {m.name}", wants)
    return m.substitute(values)


def start_of(m: DiscreteMap, texts: list[str] | None) -> dict[str, float] | None:
    """Return the start that ``--start`` gives: a number for each variable, or None."""
    if not texts:
        return None
    start = {name: float(v) for name, v in assignments("--start", texts).items()}
    names = [s.name for s in m.state]
    for name in start:
        if name not in names:
            raise InputError("--start", repr(name), f"the state {', '.join(names)} of {m.name}")
    if missing := [name for name in names if name not in start]:
        raise InputError("--start", f"no value for {', '.join(missing)}", "one for each variable")
    return start


def assignments(argument: str, texts: Iterable[str]) -> dict[str, sp.Expr]:
    """Return {name: exact number} for words like ``b=0.3``, ``rho=7/5`` or ``F=sqrt(2)``.

    One word may hold several, separated by commas.

    Raises
    ------
    InputError
        If a word is not of that kind, its value is not a finite real number, or a name comes twice.
    """
    return {
        name: _number(f"{argument} {name}", value)
        for name, value in _pairs(argument, texts, "name=value, such as rho=1.4")
    }


def intervals(argument: str, texts: Iterable[str]) -> dict[str, tuple[float, float]]:
    """Return {name: (low, high)} for words like ``a=0:2``, several in one separated by commas.

    Raises
    ------
    InputError
        If a word is not of that kind, or a name comes twice.
    """
    wants = "name=low:high with low < high, such as a=0:2"
    found = {}
    for name, value in _pairs(argument, texts, wants):
        low, colon, high = value.partition(":")
        found[name] = _number(argument, low), _number(argument, high) if colon else sp.nan
        if not colon or not found[name][0] < found[name][1]:
            raise InputError(argument, repr(f"{name}={value}"), wants)
    return {name: (float(low), float(high)) for name, (low, high) in found.items()}


def sweeps(texts: Iterable[str], default: int = 2000) -> dict[str, Any]:
    """Return {name: values} for words like ``rho=0.8:2:4000``: first, last and their number.

    Raises
    ------
    InputError
        If a word is not of that kind.
    """
    found = {}
    wants = "name=first:last:number, such as rho=0.8:2:4000"
    for name, value in _pairs("--sweep", texts, wants):
        ends, _, number = value.rpartition(":") if value.count(":") == 2 else (value, "", default)
        count = int(number) if str(number).strip().isdigit() else 0
        if ends.count(":") != 1 or count < 2:
            raise InputError("--sweep", repr(f"{name}={value}"), f"{wants}, a number >= 2")
        first, last = (float(_number("--sweep", p)) for p in ends.split(":"))
        if not first < last:
            raise InputError("--sweep", repr(f"{name}={value}"), f"{wants}, with first < last")
        found[name] = np.linspace(first, last, count)
    return found


def _pairs(argument: str, texts: Iterable[str], wants: str) -> list[tuple[str, str]]:
    """Return (name, what it is set to) for each word, every name once."""
    found: dict[str, str] = {}
    for part in (p for text in texts for p in text.split(",")):
        name, equals, value = (s.strip() for s in part.partition("="))
        if not equals or not name.isidentifier():
            raise InputError(argument, repr(part), wants)
        if name in found:
            raise InputError(argument, f"{name} twice", "every name once")
        found[name] = value
    return list(found.items())


def _number(argument: str, text: str) -> sp.Expr:
    try:
        value = sp.sympify(text.replace("^", "**"), rational=True)
        number = float(value)
    except Exception:  # sympify raises whatever its input provokes
        number = math.nan
    if not math.isfinite(number):
        raise InputError(argument, repr(text), "a real number")
    return value

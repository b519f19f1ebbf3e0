"""The catalogue: the maps of the two papers and the classics of the field."""

from __future__ import annotations

import difflib
import re
from collections.abc import Callable

from dynsharp.errors import InputError
from dynsharp.map import DiscreteMap
from dynsharp.networks import ChainOnData, UVNetwork, chain_on_data, uv_network
from dynsharp.systems.chain import balanced_chain, chain
from dynsharp.systems.classic import (
    delayed_logistic,
    henon,
    logistic,
    odd_cubic,
    quadratic_regression,
    standard,
    xyzw,
)
from dynsharp.systems.uv import uv, uv_eos, uv_physical

__all__ = [
    "ChainOnData",
    "UVNetwork",
    "balanced_chain",
    "catalogue",
    "chain",
    "chain_on_data",
    "delayed_logistic",
    "get",
    "henon",
    "logistic",
    "odd_cubic",
    "quadratic_regression",
    "standard",
    "uv",
    "uv_eos",
    "uv_network",
    "uv_physical",
    "xyzw",
]

_WITH_DEPTH: dict[str, Callable[[int], DiscreteMap]] = {
    "chain": chain,
    "balanced-chain": balanced_chain,
}


def catalogue() -> dict[str, Callable[[], DiscreteMap]]:
    """Return what builds each named system, by the name that the command line uses.

    The first line of each builder's docstring says what the system is.

    Examples
    --------
    >>> catalogue()["uv-eos"]().state
    (F,)
    """
    builders: tuple[Callable[[], DiscreteMap], ...] = (
        uv,
        uv_physical,
        uv_eos,
        chain,
        balanced_chain,
        xyzw,
        quadratic_regression,
        logistic,
        odd_cubic,
        henon,
        delayed_logistic,
        standard,
    )
    return {build.__name__.replace("_", "-"): build for build in builders}


def get(name: str) -> DiscreteMap:
    """Return the system of that name; chains take their depth as a suffix, such as ``chain-4``.

    Raises
    ------
    InputError
        If there is none; the message suggests names that are close.

    Examples
    --------
    >>> get("chain-3").state
    (w1, w2, w3)
    """
    builders = catalogue()
    wanted = str(name).strip().lower().replace("_", "-")
    if wanted in builders:
        return builders[wanted]()
    deep = re.fullmatch(r"(.+)-(\d+)", wanted)
    if deep and deep[1] in _WITH_DEPTH:
        return _WITH_DEPTH[deep[1]](int(deep[2]))
    close = difflib.get_close_matches(wanted, builders, cutoff=0.5)
    hint = f"one like {' or '.join(close)}" if close else f"one of {', '.join(builders)}"
    raise InputError("name", repr(name), f"a system: {hint}, or chain-N for N weights")

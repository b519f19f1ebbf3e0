"""The claims: for each key the module whose ``run(quick)`` computes it.

Those of the chain paper also take the user's own data: ``run(quick, data)``.
"""

from __future__ import annotations

from collections.abc import Sequence

from dynsharp import InputError

__all__ = ["CLAIMS", "chosen", "title"]

CLAIMS = {
    "uv.1": "paper_reproduction.uv.exact_map",
    "uv.2": "paper_reproduction.uv.fixed_points",
    "uv.3": "paper_reproduction.uv.edge_of_stability",
    "uv.4": "paper_reproduction.uv.initialisation",
    "uv.5": "paper_reproduction.uv.route_to_chaos",
    "uv.6": "paper_reproduction.uv.sharpness_and_trace",
    "chain.1": "paper_reproduction.chain.minimalist_model",
    "chain.2": "paper_reproduction.chain.dataset_difficulty",
    "chain.3": "paper_reproduction.chain.depth",
    "chain.4": "paper_reproduction.chain.stochasticity",
    "chain.5": "paper_reproduction.chain.step_size",
    "chain.6": "paper_reproduction.chain.imbalance",
    "chain.7": "paper_reproduction.chain.precision",
}


def title(key: str) -> str:
    """Return what a claim is about, in a word or two."""
    return CLAIMS[key].split(".")[-1].replace("_", " ").capitalize()


def chosen(only: Sequence[str] = ()) -> list[str]:
    """Return the keys asked for ("uv.3", or "uv" for all of a paper), all if none is.

    Raises
    ------
    InputError
        If there is no such claim.
    """
    if not only:
        return list(CLAIMS)
    keys = []
    for wanted in only:
        found = [k for k in CLAIMS if k == wanted or k.split(".")[0] == wanted]
        if not found:
            raise InputError("--only", wanted, f"one of uv, chain, {', '.join(CLAIMS)}")
        keys += found
    return list(dict.fromkeys(keys))

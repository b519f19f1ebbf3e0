"""``dynsharp systems``: the catalogue."""

from __future__ import annotations

from dynsharp.cli import arguments as args
from dynsharp.cli.output import print_json
from dynsharp.results import table

EXAMPLE = "dynsharp systems"


def run(as_json: args.Json = False) -> None:
    """List the systems of the catalogue."""
    from dynsharp.systems import catalogue

    rows = []
    for name, build in catalogue().items():
        m = build()
        state, parameters = ([s.name for s in symbols] for symbols in (m.state, m.parameters))
        about = (build.__doc__ or "").strip().splitlines()[0].removeprefix("Return ")
        rows.append({"name": name, "state": state, "parameters": parameters, "about": about})
    if as_json:
        return print_json(rows)
    lines = [[c if isinstance(c, str) else ", ".join(c) for c in row.values()] for row in rows]
    print("\n".join(table([list(rows[0]), *lines], indent=0)))
    print("\nchain-N and balanced-chain-N: depth N.  file.py:name: a DiscreteMap of your own.")

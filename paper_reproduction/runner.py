"""Computing claims in parallel processes; what is done is kept, and not computed again."""

from __future__ import annotations

import hashlib
import json
import time
from collections.abc import Callable, Iterator, Sequence
from importlib import import_module
from pathlib import Path
from typing import Any

import dynsharp
from dynsharp import plotting
from paper_reproduction.claim import Claim
from paper_reproduction.collection import CLAIMS

__all__ = ["compute", "compute_one", "fingerprint", "kept"]

Record = dict[str, Any]


def fingerprint(key: str, quick: bool, data: Path | None = None) -> str:
    """Return a hash of what a result depends on: its sources, the settings, the user's data.

    Of dynsharp itself it knows the version alone; after a change of its code run with ``--fresh``.
    """
    here = Path(__file__).parent
    sources = [here / "claim.py", *sorted((here / key.split(".")[0]).glob("*.py"))]
    digest = hashlib.sha256(f"{dynsharp.__version__} {quick}".encode())
    for file in [*sources, *([data] if data else [])]:
        digest.update(file.read_bytes())
    return digest.hexdigest()


def kept(key: str, output: Path, mark: str) -> Record | None:
    """Return the record of a claim if it was computed from the same sources, else None."""
    try:
        record: Record = json.loads((output / f"{key}.json").read_text("utf-8"))
    except (OSError, ValueError):
        return None
    same = record.get("fingerprint") == mark and record.get("status") == "computed"
    return record if same and (output / record["figure"]).is_file() else None


def compute_one(key: str, quick: bool, output: Path, data: Path | None = None) -> Record:
    """Run a claim, write its figure, data and record; an error in it is a record too."""
    import matplotlib as mpl

    mpl.use("Agg")
    mark, began = fingerprint(key, quick, data), time.perf_counter()
    try:
        run: Callable[..., Claim] = import_module(CLAIMS[key]).run
        claim = run(quick, data) if key.startswith("chain") else run(quick)
    except Exception as error:  # reported with the others, so that one does not take all down
        return {"key": key, "status": f"{type(error).__name__}: {error}", "outcome": "error"}
    record = _written(key, claim, output)
    record |= {"fingerprint": mark, "quick": quick, "seconds": time.perf_counter() - began}
    text = json.dumps(record, indent=1, ensure_ascii=False)
    (output / f"{key}.json").write_text(text + "\n", "utf-8")
    return record


def _written(key: str, claim: Claim, output: Path) -> Record:
    import matplotlib.pyplot as plt

    output.mkdir(parents=True, exist_ok=True)
    figure = plotting.save(claim.figure, output / f"{key}.png")
    plt.close(claim.figure)
    files = []
    for name, dataset in claim.data.items():
        files.append(f"{key}.{name}.nc")
        described = dataset.assign_attrs(claim=claim.sentence, settings=claim.computed)
        described.to_netcdf(output / files[-1], engine="scipy")
    return {
        "key": key,
        "status": "computed",
        "outcome": claim.outcome,
        "sentence": claim.sentence,
        "source": claim.source,
        "computed": claim.computed,
        "where": claim.where,
        "checks": [
            {
                "criterion": c.criterion,
                "measured": c.measured,
                "holds": bool(c.holds),
                "required": c.required,
            }
            for c in claim.checks
        ],
        "figure": figure.name,
        "caption": claim.caption,
        "data": files,
        "dynsharp": dynsharp.__version__,
    }


def compute(
    keys: Sequence[str],
    output: Path,
    *,
    quick: bool = False,
    data: Path | None = None,
    fresh: bool = False,
    jobs: int = -1,
) -> Iterator[Record]:
    """Yield the records of claims as they are done: first those kept, then those computed."""
    from joblib import Parallel, delayed, parallel_config

    missing = []
    for key in keys:
        record = None if fresh else kept(key, output, fingerprint(key, quick, data))
        if record is None:
            missing.append(key)
        else:
            yield record
    with parallel_config("loky", n_jobs=jobs, inner_max_num_threads=1):
        tasks = (delayed(compute_one)(key, quick, output, data) for key in missing)
        yield from Parallel(return_as="generator_unordered", batch_size=1, pre_dispatch="n_jobs")(
            tasks
        )

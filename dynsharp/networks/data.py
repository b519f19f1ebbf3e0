"""The real data of the report: two classes of scikit-learn's digits, or the user's own."""

from __future__ import annotations

import zipfile
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path

import numpy as np

from dynsharp.errors import InputError
from dynsharp.networks.chain_on_data import ChainOnData, chain_on_data

_CLASSES = (0, 1)
_CONDITION = 20.0  # largest ratio of singular values in what is trained to the end


@dataclass(frozen=True)
class Data:
    """Inputs and targets.

    Attributes
    ----------
    name
        What they are, in words.
    X, y
        All of them, as they are.
    trained
        X on its leading singular directions, σ ≥ σ₁/20, where gradient descent reaches the minimum
        in some hundreds of steps.
    """

    name: str
    X: np.ndarray
    y: np.ndarray
    trained: np.ndarray

    def chain(self, depth: int, *, whole: bool = True) -> ChainOnData:
        """Return the chain of that depth, on the whole data or on what is trained."""
        return replace(self._decomposed[0 if whole else 1], depth=depth)

    @cached_property
    def _decomposed(self) -> tuple[ChainOnData, ChainOnData]:
        """Singular values once for all depths."""
        return chain_on_data(self.X, self.y, 2), chain_on_data(self.trained, self.y, 2)

    @property
    def directions(self) -> int:
        """Number of singular directions that are trained."""
        return self._decomposed[1].rank


def load(path: Path | None) -> Data:
    """Return the user's data, or the digits.

    Raises
    ------
    InputError
        If the file does not hold numeric arrays X and y, or there is neither file nor scikit-learn.
    """
    name, X, y = _digits() if path is None else _file(path)
    checked = chain_on_data(X, y, 2)  # says what is wrong with X and y
    X, y = np.asarray(X, dtype=float), np.asarray(y, dtype=float)
    left, sigma, right = np.linalg.svd(X, full_matrices=False)
    kept = int(np.sum(sigma[: checked.rank] >= sigma[0] / _CONDITION))
    trained = (left[:, :kept] * sigma[:kept]) @ right[:kept]
    try:
        chain_on_data(trained, y, 2)
    except InputError:  # the targets live in weak directions alone: keep all of them
        trained = X
    return Data(name, X, y, trained)


def _digits() -> tuple[str, np.ndarray, np.ndarray]:
    try:
        from sklearn.datasets import load_digits
    except ImportError as error:
        raise InputError(
            "--data", "no file, and scikit-learn is not installed", "one of the two: a file with "
            "X and y, or `pip install dynsharp[report]` for the digits"
        ) from error  # fmt: skip
    X, label = load_digits(return_X_y=True)
    a, b = _CLASSES
    chosen = (label == a) | (label == b)
    X, y = X[chosen] / 16, np.where(label[chosen] == a, -1.0, 1.0)
    name = f"scikit-learn's digits {a} (y = −1) and {b} (y = +1), pixels in [0, 1], centred"
    return name, X - X.mean(axis=0), y


def _file(path: Path) -> tuple[str, np.ndarray, np.ndarray]:
    wants = "a .npz file that numpy.savez(file, X=X, y=y) wrote"
    if not path.is_file():
        raise InputError("--data", f"{path}, which is no file", wants)
    try:
        with np.load(path, allow_pickle=False) as arrays:
            if missing := {"X", "y"} - set(getattr(arrays, "files", ())):
                raise InputError("--data", f"{path} without {' and '.join(sorted(missing))}", wants)
            return f"the data in {path.name}", arrays["X"], arrays["y"]
    except InputError:
        raise
    except (OSError, ValueError, zipfile.BadZipFile, AttributeError, TypeError) as error:
        raise InputError("--data", f"{path}, which cannot be read ({error})", wants) from error

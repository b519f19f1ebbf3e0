"""How much is simulated: all of it for the page, less of it where only the way through counts."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Effort:
    """Sizes of the simulations.

    Attributes
    ----------
    networks
        (width, s) of the weight-space networks.
    depths
        Depths of chains that are simulated.
    values
        Number of parameter values of an orbit diagram.
    steps
        Steps behind an onset of oscillation in a compiled map.
    training
        Steps of plain NumPy training behind a critical step size.
    starts
        Number of random starts for the forward-invariant region.
    doublings
        Number of flips of a cascade.
    """

    networks: tuple[tuple[int, float], ...]
    depths: tuple[int, ...]
    values: int
    steps: int
    training: int
    starts: int
    doublings: int


FULL = Effort(
    networks=((1, 0.0), (4, 1.0), (64, 0.0), (256, 0.5)),
    depths=(2, 3, 4, 5, 6),
    values=4000,
    steps=400_000,
    training=10_000,
    starts=20_000,
    doublings=10,
)
QUICK = Effort(
    networks=((4, 1.0), (16, 0.0)),
    depths=(2, 3),
    values=300,
    steps=40_000,
    training=2_000,
    starts=500,
    doublings=8,
)

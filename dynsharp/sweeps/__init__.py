"""Numbers: orbits, orbit diagrams, Lyapunov exponents, phase diagrams, as xarray Datasets."""

from dynsharp.sweeps.exponents import lyapunov
from dynsharp.sweeps.orbits import orbit, orbit_diagram
from dynsharp.sweeps.periods import phase_diagram

__all__ = ["lyapunov", "orbit", "orbit_diagram", "phase_diagram"]

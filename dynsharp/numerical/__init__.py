"""Numbers: orbits, orbit diagrams, Lyapunov exponents, phase diagrams, as xarray Datasets."""

from dynsharp.numerical.exponents import lyapunov
from dynsharp.numerical.orbits import orbit, orbit_diagram
from dynsharp.numerical.periods import phase_diagram

__all__ = ["lyapunov", "orbit", "orbit_diagram", "phase_diagram"]

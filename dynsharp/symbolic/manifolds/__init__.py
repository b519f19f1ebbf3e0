"""Invariant manifolds of a map: Darboux polynomials, symmetries, the regions they bound."""

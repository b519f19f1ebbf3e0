"""Exact algebra with sympy that knows no map: conditions, signs, roots, decomposition, budget."""

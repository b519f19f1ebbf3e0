"""A derivation: everything exact about a map, as tables, JSON and LaTeX."""

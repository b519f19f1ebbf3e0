"""The bifurcation diagram: all branches of a map along a parameter, as a graph."""

import dynsharp.continuation  # noqa: F401  (before the rest, until its circle is open)
from dynsharp.branch_tree.diagram import bifurcation_diagram
from dynsharp.branch_tree.grow import Origin, Unfollowed
from dynsharp.branch_tree.result import BifurcationDiagram

__all__ = ["BifurcationDiagram", "Origin", "Unfollowed", "bifurcation_diagram"]

"""The bifurcation diagram: all branches of a map along a parameter, as a graph."""

from dynsharp.branch_tree._grow import Origin, Unfollowed
from dynsharp.branch_tree._result import BifurcationDiagram
from dynsharp.branch_tree.diagram import bifurcation_diagram

__all__ = ["BifurcationDiagram", "Origin", "Unfollowed", "bifurcation_diagram"]

"""The bifurcation diagram: all branches of a map along a parameter, as a graph."""

from dynsharp.branch_tree.diagram import bifurcation_diagram
from dynsharp.branch_tree.origin import Origin, Unfollowed
from dynsharp.branch_tree.result import BifurcationDiagram

__all__ = ["BifurcationDiagram", "Origin", "Unfollowed", "bifurcation_diagram"]

"""Kinds of special points on branches: one file a kind, one protocol (`kind`)."""

from dynsharp.bifurcations.kind import Counted, Kind, Leaving, Marker, Place, Tested
from dynsharp.bifurcations.registry import kind_named, kinds, marker_of, register, table, unregister

__all__ = [
    "Counted",
    "Kind",
    "Leaving",
    "Marker",
    "Place",
    "Tested",
    "kind_named",
    "kinds",
    "marker_of",
    "register",
    "table",
    "unregister",
]

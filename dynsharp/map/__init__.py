"""A discrete dynamical system x' = F(x; p) in symbols: the one object of dynsharp."""

from dynsharp.map.discrete_map import DiscreteMap, Name

__all__ = ["DiscreteMap", "Name"]

"""The catalogue: the maps of the two papers and the classics of the field."""

from dynsharp.systems.uv import uv, uv_eos, uv_physical

__all__ = ["uv", "uv_eos", "uv_physical"]

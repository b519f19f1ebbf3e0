"""The networks behind the models, in weight space: training, gradient, sharpness."""

from dynsharp.networks.chain_on_data import ChainOnData, chain_on_data
from dynsharp.networks.uv_network import UVNetwork, uv_network

__all__ = ["ChainOnData", "UVNetwork", "chain_on_data", "uv_network"]

"""Claims of the UV paper: Kalra, He, Barkeshli, ICLR 2025, arXiv:2311.02076."""

"""The chain paper, claim by claim: Yoo, Song, Yun, ICML 2025, arXiv:2506.06940."""

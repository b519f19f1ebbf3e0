"""Both papers, claim by claim: ``python -m paper_reproduction``."""

"""Points of codimension two on bifurcation curves."""

"""Families of fixed points, and branches along them."""

"""Coefficients of normal forms, in numbers, of any codimension."""

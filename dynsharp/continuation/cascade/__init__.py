"""The period-doubling cascade, to many digits."""

"""Onto the other branches through a special point."""

"""What can happen at a point of a branch: how each kind is seen, located and described."""

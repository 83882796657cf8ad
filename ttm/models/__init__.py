"""Models: which there are, where their checkpoints lie, and how they come."""

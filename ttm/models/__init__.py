"""Models: which there are, and where their checkpoints lie."""

"""The engine's side of the interface: threads of its own, and no widgets."""

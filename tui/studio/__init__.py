"""The engine's side of the interface; it imports no Textual."""

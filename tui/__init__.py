"""The full-screen interface, opened by the command line and built on the narration."""

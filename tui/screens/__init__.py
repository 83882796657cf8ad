"""The screens, one to a file, the looks of each beside it."""

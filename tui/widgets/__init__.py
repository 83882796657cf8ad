"""The parts of screens, one to a file: state comes down to them, messages go up."""

"""Our numbers beside those of another solver, and the verdict."""

"""Pictures of the theory's experiments, one module each."""

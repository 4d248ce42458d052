"""Our own solution of linear circuits at rest: from a circuit, or from a deck's text alone."""

"""What solves a circuit: ngspice, the same through PySpice, and a nodal solver of our own for comparison."""

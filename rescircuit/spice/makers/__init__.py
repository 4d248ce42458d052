"""Our own things as circuits: banks, arrays, memristors, tiles."""

"""What a deck is made of: elements, sources, models and subcircuits from checked names and numbers, and their rules."""

"""Random networks pruned: to a given target, by the constructions of the theorems, or by training the masks."""

__all__: list[str] = []

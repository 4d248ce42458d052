"""Random networks and the masks that prune them to a given target: the constructions behind the theorems."""

__all__: list[str] = []

"""What was measured, from the files that instruments and people leave."""

from rescircuit.measured.values import read_flags, read_values

__all__ = ["read_flags", "read_values"]

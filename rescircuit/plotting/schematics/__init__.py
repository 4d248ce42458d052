"""Electrical schematics of banks and small crossbars: figures 6.1 to 6.3 of da Cunha 2023 with their numbers."""

from rescircuit.plotting.schematics.pictures import draw_schematic

__all__ = ["draw_schematic"]

"""Electrical schematics of banks and small crossbars: figures 6.1 to 6.3 of da Cunha 2023 with their numbers."""

from rescircuit.plotting.schematics.pictures import MOST_LINES, draw_schematic

__all__ = ["MOST_LINES", "draw_schematic"]

"""Circuits as text and back: decks written for ngspice, and decks read."""

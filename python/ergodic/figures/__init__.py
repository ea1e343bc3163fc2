"""Figures of a glass: each function draws one into a file whose ending says the format."""

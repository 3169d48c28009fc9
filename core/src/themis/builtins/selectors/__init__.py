"""Selectors that come along."""

"""Reducers that come along: votes, and choices of one candidate."""

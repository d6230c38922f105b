"""Clusters: which there are, what runs in them, and what changes."""

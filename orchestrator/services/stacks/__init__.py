"""Stacks: pods with public ports for a while."""

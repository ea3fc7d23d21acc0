"""Maintenance and verification of a lake, as runs. The package `lake` compacts and checks tables."""

"""Carry out a plan: read its files, parse them, build batches and load these. Nothing is planned here."""

"""Reads and writes of single tables: files, runs, templates, post versions, backfill plans. No decisions."""

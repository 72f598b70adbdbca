"""Rows → text, one format a file."""

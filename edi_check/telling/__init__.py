"""Findings to dispositions, reports and acknowledgments."""

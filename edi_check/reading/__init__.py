"""Bytes to claims and syntax findings. Knows nothing of edits or reports."""

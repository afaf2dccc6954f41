"""Acknowledgments that came in, ours or anybody's: read, and told in words at the segment they speak of."""

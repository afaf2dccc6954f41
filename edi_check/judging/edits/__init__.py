"""Check functions by topic. Each module is a list of small functions; the packs name them."""

"""Claims to findings: packs of edits, and the engine that runs them."""

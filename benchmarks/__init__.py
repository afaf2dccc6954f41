"""How fast edi_check is, beside pyx12 and beside merely splitting the file: ``python -m benchmarks`` (see run.py)."""

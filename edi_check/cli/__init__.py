"""The command line: options in, exit codes out. What the commands do is done by the pipeline and the packs."""

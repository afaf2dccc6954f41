"""The Jinja templates, packaged as edi_check.templates (see setup.cfg)."""

"""Code tables that the user loads: NCCI pairs and unit limits, ICD-10-CM, procedure codes; kept in one SQLite file."""

"""The operations, one family a file; each is declared once, as data."""

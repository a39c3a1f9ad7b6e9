"""The lessons: notebooks to open, run and change. Installed as ``gradbook.lessons``."""

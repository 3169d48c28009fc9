"""The experiment API: a few lines of Python, or one file, on the same plan and runtime."""

"""Built-in inference engines: simulated, echoed, replayed, or a Python function's."""

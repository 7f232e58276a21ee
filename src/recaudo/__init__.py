"""recaudo: recover overdue credit lawfully, humanely, on every channel, measured to the peso."""
__version__ = "0.1.0"

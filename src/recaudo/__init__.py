"""recaudo: recover overdue credit lawfully, humanely, on every channel, measured to the peso."""

"""What it brought in: KPI pages, lists and their export. Computes nothing itself: `engine.measure` defines every figure."""

"""The main job. `day.py: run_day` is the collections day from portfolio to measure; `reactions.py` says what happens because
something happened. These two files are the map of the product.
"""

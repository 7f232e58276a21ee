"""What to do: decision tables people own, their versions and approvals, and the daily snapshots they were applied to.

Words: *strategy*, a named set of decision tables; *version*, one DMN file with its hash, draft until another person approves it;
*snapshot*, a day's facts and decisions as Parquet. Does not know what casework knows: `flow/day.py` hands it a table.
"""

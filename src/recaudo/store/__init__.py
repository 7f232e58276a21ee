"""What every table shares: keys, the tenant, row security, encryption, monthly partitions, bulk writes.

Words: *tenant*, the organisation that runs the collection; *acting*, being inside one tenant (and perhaps one
agency) for the length of a transaction; *blind index*, a keyed hash that finds an encrypted value exactly.
Owns no table. Does not know what the tables mean.
"""

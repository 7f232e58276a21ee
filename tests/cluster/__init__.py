"""`make cluster-test`: the compiled strategy on a local Spark, a master and two workers, against DuckDB by digest. Not part of `make test`."""

"""Results: what the numbers say. Indicators by period, book, bucket, channel and agent; each with its definition.

Words   *scope*, a period and what it is narrowed to; *cut*, a column by which an indicator is split
Owns    no tables
Not     computes nothing: base tables come from `queries`, numbers from engine.measure, shapes for the eye from `views`
"""

"""Readers: a file becomes chunks of text columns with row numbers. One module per format; none knows a model."""

from recaudo.intake.adapters.table import Chunk, Ragged, Reading, Source
from recaudo.intake.adapters.which import open_source

__all__ = ["Chunk", "Ragged", "Reading", "Source", "open_source"]

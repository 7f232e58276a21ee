"""Writes of intake: one function per thing a person or the day can do with a file.

    from recaudo.intake import services as intake
    batch = intake.receive(source=path, file_name="cartera.csv", layout=layout, on=day, by=user, at=now)
    batch = intake.apply(batch, by=user, at=now)
"""

from recaudo.intake.services.applying import apply, begin
from recaudo.intake.services.batches import check, preview, receive, use_layout
from recaudo.intake.services.keeping import FilesGone, forget_files, kept_until
from recaudo.intake.services.layouts import save_layout
from recaudo.intake.services.rejections import forget_rows, rejections_csv, rejections_xlsx
from recaudo.intake.services.undo import undo, what_depends

__all__ = [
    "FilesGone", "apply", "begin", "check", "forget_files", "forget_rows", "kept_until", "preview", "receive", "rejections_csv", "rejections_xlsx", "save_layout", "undo", "use_layout",
    "what_depends",
]  # fmt: skip

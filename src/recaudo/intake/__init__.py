"""What comes in: files of accounts, updates and payments, checked row by row, applied once, undone when wrong.

Words: *layout*, a saved reading of a kind of file (mapping, types, formats); *batch*, one file received; *rejection*, a row (and
field) refused with its reason; *reader*, an adapter that turns a file into rows of text. A rejected row never stops the good ones.
"""

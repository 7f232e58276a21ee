"""What was agreed: promises to pay and how they ended.

Words: *promise*, an amount by a day; *tolerance*, the share that may be missing and still count as kept; *grace*, business
days after the due day; *kept*, *kept late*, *partial*, *broken*, by the payments that came. A promise has its own life: it is
never a note on a case.
"""

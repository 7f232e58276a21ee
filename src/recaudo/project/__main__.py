"""`python -m recaudo.project ...` is `recaudo ...`."""

from recaudo.project.cli import main

main()

"""Reading short replies: what is acted on by itself, and that everything doubtful goes to a person."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from recaudo.messaging.services.replies import recognise

# The intents of the written set that we know; of every other one nothing may be acted on.
KNOWN = {"baja": "opt_out", "no_soy": "wrong_party", "ya_pague": "payment_claim", "no_reconoce": "dispute", "agente": "human"}
ACTED_ON = {"opt_out", "wrong_party", "payment_claim", "dispute"}


@pytest.mark.parametrize(
    ("text", "intent"),
    [
        ("BAJA", "opt_out"), ("baja.", "opt_out"), ("vaja", "opt_out"), ("  Stop!! ", "opt_out"), ("Hola, baja por favor", "opt_out"),
        ("no me escrivan mas", "opt_out"), ("quiero darme de baja", "opt_out"), ("NO MÁS", "opt_out"),
        ("no soy esa persona y dejen de escribir", "opt_out"),
        ("No soy yo", "wrong_party"), ("no soi yo", "wrong_party"), ("NO SOY", "wrong_party"), ("numero ekibocado", "wrong_party"),
        ("Número equivcado", "wrong_party"), ("disculpe, no conozco a esa señora", "wrong_party"),
        ("ya pagué", "payment_claim"), ("YA PAGUEEE", "payment_claim"), ("yaaa page anoche", "payment_claim"),
        ("buenas, ya hize el deposito", "payment_claim"), ("Ya transferí", "payment_claim"),
        ("No reconosco la deuda", "dispute"), ("esa deuda no es mía", "dispute"), ("yo no debo nada", "dispute"),
        ("llámeme por favor", "callback"), ("¿me pueden llamar?", "callback"), ("asesor", "human"), ("quiero hablar con alguien", "human"),
        # a person reads these
        ("Pago el viernes", "answer"), ("el cargo más alto no es mío", "answer"), ("¿puedo cancelar mañana?", "answer"), ("👍", "answer"),
        ("ya bajaron los intereses?", "answer"), ("cuando ya pague le aviso", "answer"), ("todavía no pagué, mañana", "answer"),
        ("no he pagado", "answer"), ("sí", "answer"), ("no", "answer"), ("soy yo", "answer"), ("", "answer"), ("cuánto debo", "answer"),
        ("no me llame por mi nombre", "answer"), ("bajo qué condiciones", "answer"),
    ],
)  # fmt: skip
def test_what_short_replies_mean(text: str, intent: str) -> None:
    assert recognise(text) == intent


def test_on_written_replies_nothing_is_acted_on_by_mistake() -> None:
    rows = [line.split("\t", 1) for line in (Path(__file__).parent / "replies" / "utterances.tsv").read_text().splitlines() if "\t" in line]
    seen = Counter((KNOWN.get(intent, "answer"), recognise(text)) for intent, text in rows)
    wrong = {pair: n for pair, n in seen.items() if pair[1] in ACTED_ON and pair[0] != pair[1]}
    assert not wrong
    assert seen["opt_out", "opt_out"] >= 8 and seen["wrong_party", "wrong_party"] >= 6 and seen["payment_claim", "payment_claim"] >= 6


@given(st.text(max_size=400))
def test_any_text_has_an_intent_and_always_the_same(text: str) -> None:
    assert recognise(text) == recognise(text) in {"opt_out", "wrong_party", "payment_claim", "dispute", "callback", "human", "answer"}

"""The dictionary of facts says everything a person needs to use a fact, and agrees with its own reference page."""

import re

import pyarrow as pa
import pytest

from recaudo.engine import facts
from recaudo.engine.facts import FACTS


@pytest.mark.parametrize("fact", FACTS.values(), ids=FACTS.keys())
def test_every_fact_is_explained_in_full(fact):
    assert re.fullmatch(r"[a-z][a-z0-9_]*", fact.name)
    assert fact.label_es and fact.meaning_es.endswith(".") and fact.null_means_es.endswith(".")
    assert fact.type in facts.ARROW


def test_money_is_whole_minor_units_and_says_so_in_its_name():
    for fact in FACTS.values():
        assert fact.name.endswith("_minor") == (fact.type == "money"), fact.name
    assert all(facts.arrow_schema().field(name).type == pa.int64() for name, kind in facts.types().items() if kind == "money")


def test_the_four_keys_are_marked_as_keys():
    assert [f.name for f in FACTS.values() if f.is_key] == ["account_id", "person_id", "creditor_code", "portfolio_code"]


def test_coded_texts_list_their_values_in_spanish():
    assert list(FACTS["stage"].values) == ["preventive", "early", "middle", "late", "written_off"]
    assert list(FACTS["bucket"].values) == ["CUR", "B1", "B2", "B3", "B4", "B5", "B6", "WO"]
    assert FACTS["product"].values["credit_card"] == "Tarjeta de crédito"
    assert FACTS["kind"].values == {"consumer": "Consumo", "commercial": "Comercial"}


def test_no_two_facts_share_a_label():
    labels = [fact.label_es for fact in FACTS.values()]
    assert len(labels) == len(set(labels))


def test_the_reference_page_has_a_row_for_each_fact():
    page = facts.markdown()
    assert [name for name in FACTS if f"| `{name}` |" not in page] == []
    assert "`written_off` Castigada" in page

"""Which two records may be one person: always by a shared sign, with the reason in words, and never by the name alone."""

from datetime import date

import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from recaudo.engine.match import MissingPersonColumn, duplicates

TEXTS = pa.list_(pa.string())
SCHEMA = pa.schema({
    "person_id": pa.string(), "search_key": pa.string(), "id_keys": TEXTS, "weak_id_keys": TEXTS, "phones": TEXTS, "emails": TEXTS, "birth_on": pa.date32(),
})  # fmt: skip


def find(*rows: dict, **options) -> list[tuple]:
    found = duplicates(pa.Table.from_pylist(list(rows), SCHEMA), **options)
    return [(row["left"], row["right"], row["score"], row["why_es"]) for row in found.pairs.to_pylist()]


def test_the_same_id_and_a_similar_name():
    a = {"person_id": "1", "search_key": "jose nunez perez", "id_keys": ["MX:RFC:X"]}
    b = {"person_id": "2", "search_key": "nunez perez jose", "id_keys": ["MX:RFC:X"]}
    assert find(a, b) == [("1", "2", 0.99, "Misma identificación y nombre parecido.")]


def test_the_same_id_and_another_name_is_shown_as_a_likely_slip():
    a = {"person_id": "1", "search_key": "jose nunez perez", "id_keys": ["CL:RUT:1"]}
    b = {"person_id": "2", "search_key": "wanda quiroga", "id_keys": ["CL:RUT:1"]}
    assert find(a, b) == [("1", "2", 0.8, "Misma identificación, pero nombre distinto: revise si hay un error de captura.")]


def test_a_tax_id_that_holds_the_own_id_is_the_same_person():
    a = {"person_id": "1", "search_key": "ana solis", "id_keys": ["PE:RUC:10117410102", "PE:DNI:10117410"]}
    b = {"person_id": "2", "search_key": "ana solis", "id_keys": ["PE:DNI:10117410"]}
    assert [pair[:3] for pair in find(a, b)] == [("1", "2", 0.99)]


def test_one_line_in_two_forms_and_a_similar_name():
    a = {"person_id": "1", "search_key": "ana solis mora", "phones": ["+525512345678", "+5215512345678"]}
    b = {"person_id": "2", "search_key": "ana solis mora", "phones": ["+5215512345678"]}
    assert find(a, b) == [("1", "2", 0.8, "Mismo teléfono y nombre parecido.")]


def test_a_family_that_shares_a_phone_is_no_pair():
    a = {"person_id": "1", "search_key": "ana solis mora", "phones": ["+525512345678"]}
    b = {"person_id": "2", "search_key": "ricardo urrutia", "phones": ["+525512345678"]}
    assert find(a, b) == []


def test_two_signs_weigh_more_than_one():
    a = {"person_id": "1", "search_key": "ana solis mora", "phones": ["+1"], "emails": ["a@x.mx"]}
    b = {"person_id": "2", "search_key": "ana solis mora", "phones": ["+1"], "emails": ["a@x.mx"]}
    ((_, _, score, why),) = find(a, b)
    assert score == pytest.approx(1 - 0.15 * 0.2) and why == "Mismo correo, mismo teléfono y nombre parecido."


def test_half_an_id_needs_the_name():
    a = {"person_id": "1", "search_key": "ana solis mora", "weak_id_keys": ["MX:10:SOMA900101"]}
    twin = {"person_id": "2", "search_key": "ana soliz mora", "weak_id_keys": ["MX:10:SOMA900101"]}
    namesake = {"person_id": "3", "search_key": "beatriz urrutia", "weak_id_keys": ["MX:10:SOMA900101"]}
    assert [pair[:2] for pair in find(a, twin, namesake)] == [("1", "2")]


def test_father_and_son_of_one_name_and_phone_are_kept_apart_by_birth():
    a = {"person_id": "1", "search_key": "jose nunez perez", "phones": ["+1"], "birth_on": date(1950, 1, 1)}
    b = {"person_id": "2", "search_key": "jose nunez perez", "phones": ["+1"], "birth_on": date(1980, 1, 1)}
    assert find(a, b) == []
    ((_, _, score, why),) = find(a, b, min_score=0.3)
    assert score == 0.4 and why.endswith("fechas de nacimiento distintas.")


def test_the_same_name_alone_is_nothing():
    assert find({"person_id": "1", "search_key": "maria garcia lopez"}, {"person_id": "2", "search_key": "maria garcia lopez"}) == []


def test_a_phone_of_too_many_is_left_out_and_reported():
    rows = [{"person_id": f"{n:02d}", "search_key": "ana solis", "phones": ["+525500000000"]} for n in range(21)]
    found = duplicates(pa.Table.from_pylist(rows, SCHEMA))
    assert found.pairs.num_rows == 0
    assert found.crowded.to_pylist() == [{"sign": "phone", "holders": 21}]
    assert duplicates(pa.Table.from_pylist(rows[:20], SCHEMA)).pairs.num_rows == 190


def test_columns_may_be_missing_but_not_the_name():
    small = pa.table({"person_id": ["1", "2"], "search_key": ["a b", "a b"], "id_keys": pa.array([["k"], ["k"]], TEXTS)})
    assert duplicates(small).pairs.num_rows == 1
    with pytest.raises(MissingPersonColumn, match="search_key"):
        duplicates(small.drop_columns(["search_key"]))


person = st.fixed_dictionaries({
    "search_key": st.none() | st.sampled_from(["ana solis", "ana soliz", "jose nunez", ""]), "id_keys": st.none() | st.lists(st.sampled_from(["k1", "k2"]), max_size=2),
    "phones": st.lists(st.sampled_from(["+1", "+2"]), max_size=2), "emails": st.lists(st.sampled_from(["a@x.mx", ""]), max_size=2),
})  # fmt: skip


@settings(max_examples=40, deadline=None)
@given(st.lists(person, max_size=7))
def test_each_pair_comes_once_with_a_reason_and_in_the_same_order_whatever_the_order_of_the_rows(rows):
    named = [{**row, "person_id": str(n)} for n, row in enumerate(rows)]
    found = find(*named)
    assert found == find(*reversed(named))
    assert len({pair[:2] for pair in found}) == len(found)
    assert all(left < right and 0.6 <= score <= 1 and why.endswith(".") for left, right, score, why in found)
    assert [score for *_, score, _ in found] == sorted((score for *_, score, _ in found), reverse=True)

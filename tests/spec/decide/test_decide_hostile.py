"""Files from outside: what is refused before anything is built."""

from __future__ import annotations

import duckdb
import pyarrow as pa
import pytest
from tests.spec.decide.tables import FACTS, model_of

from recaudo.engine import decide
from recaudo.engine.decide.problems import HostileXml, InvalidModel, TooLarge, UnreadableXml

NS = 'xmlns="https://www.omg.org/spec/DMN/20191111/MODEL/"'
BILLION = (
    '<!DOCTYPE d [<!ENTITY a "ha"><!ENTITY b "&a;&a;&a;&a;&a;&a;"><!ENTITY c "&b;&b;&b;&b;&b;">]>'
    f"<definitions {NS} name='&c;'/>"
)
OUTSIDE = f'<!DOCTYPE d [<!ENTITY x SYSTEM "file:///etc/passwd">]><definitions {NS}><decision name="a">&x;</decision></definitions>'


@pytest.mark.parametrize("xml", [BILLION, OUTSIDE, f'<!DOCTYPE d SYSTEM "http://127.0.0.1/x.dtd"><definitions {NS}/>'])
def test_entities_and_doctypes_are_refused(xml: str) -> None:
    with pytest.raises(HostileXml):
        decide.read(xml.encode())


@pytest.mark.parametrize("xml", [b"", b"hola", b"<definitions", b"<other/>", b"\x00\x01", b"<definitions>" * 300])
def test_what_is_no_dmn_is_refused(xml: bytes) -> None:
    with pytest.raises((UnreadableXml, TooLarge)):
        decide.read(xml)


def test_deep_nesting_is_refused() -> None:
    deep = f"<definitions {NS}>" + "<context>" * 100 + "</context>" * 100 + "</definitions>"
    with pytest.raises(TooLarge):
        decide.read(deep.encode())


def test_a_table_of_ten_thousand_rules_is_refused() -> None:
    with pytest.raises(TooLarge) as caught:
        model_of(["dpd"], [([str(place)], ['"x"']) for place in range(10_000)])
    assert caught.value.data["limit"] == 5000


def test_a_row_with_a_missing_cell_is_refused_with_its_number() -> None:
    model = model_of(["dpd", "ok"], [(["1", "true"], ['"x"'])])
    broken = model.xml.replace(b'<inputEntry id="act_r1_i2">', b'<ignored id="act_r1_i2">').replace(
        b"<text>true</text>\n        </inputEntry>", b"<text>true</text>\n        </ignored>"
    )
    with pytest.raises(InvalidModel) as caught:
        decide.read(broken)
    assert "regla 1" in caught.value.text


def test_a_text_in_a_cell_never_becomes_sql() -> None:
    evil = '"x\'); DROP TABLE acc; --"'
    model = model_of(["product"], [([evil], [evil])])
    compiled = decide.compile(model, FACTS)
    table = pa.table({"account_id": ["1"], "product": ["x'); DROP TABLE acc; --"]})
    with duckdb.connect() as connection:
        decided = decide.run(compiled, table, connection)
    assert decided.column("act").to_pylist() == ["x'); DROP TABLE acc; --"]


@pytest.mark.parametrize(
    "space", ["20151101/dmn.xsd", "20180521/MODEL/", "20191111/MODEL/", "20211108/MODEL/", "20230324/MODEL/"]
)
def test_every_version_of_the_namespace_reads_alike(space: str) -> None:
    xml = model_of(["dpd"], [(["> 3"], ['"x"'])]).xml.replace(b"20191111/MODEL/", space.encode())
    assert decide.evaluate(decide.read(xml), {"dpd": 4}).outputs == {"act": "x"}

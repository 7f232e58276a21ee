"""The columnar evaluator at its edges: what is missing is refused or denied, never let through."""

from datetime import UTC, datetime

import pyarrow as pa
import pytest
from tests.spec.comply import test_comply_two_evaluators as tables
from tests.spec.comply.cases import CAPITAL, EVERY_CHANNEL, past

from recaudo.engine.comply import (
    Debtor,
    MissingColumns,
    NotColumnar,
    PreferencesNeeded,
    Proposed,
    build,
    lawbook,
    read_files,
    screen,
)
from recaudo.kernel.time import NaiveInstant

AT = datetime(2026, 11, 18, 15, tzinfo=UTC)  # noon in Santiago, a Wednesday


def asked(country="CL", history=(), *, at=AT, zones=None, subdivision=None, **proposed):
    given = {"creditor": "C1", "collector": "K1", "debts": ("A",), "content_checked": False} | proposed
    debtor = Debtor(zones=(CAPITAL[country],) if zones is None else zones, subdivision=subdivision, consents=EVERY_CHANNEL)
    return tables.Asked(country, debtor, tuple(history), Proposed(at, "call", **given))


def run(cases, *, preferences=None, book=None, **changed):
    given = {
        "candidates": tables.candidates_table(cases), "history": tables.history_table(cases), "states": tables.states_table(cases),
        "consents": tables.consents_table(cases), "packs": (book or lawbook()).packs(), "at": AT,
    } | changed  # fmt: skip
    return screen(**given, preferences=preferences)


def test_rows_come_back_in_order_with_their_answer():
    rows = run([asked(), asked(person="relative"), asked("MX")]).to_pylist()
    assert [(r["candidate_id"], r["allowed"], r["rule_id"]) for r in rows] == [(0, True, None), (1, False, "CL-THIRD-PARTY"), (2, True, None)]


def test_no_candidates_is_an_empty_answer():
    table = run([asked()], candidates=tables.candidates_table([]))
    assert table.num_rows == 0
    assert table.column_names == ["candidate_id", "allowed", "rule_id", "next_allowed_at"]


def test_a_plan_without_an_instant_is_judged_now():
    table = tables.candidates_table([asked(at=datetime(2026, 11, 22, 15, tzinfo=UTC))])
    assert not run([asked()], candidates=table)["allowed"][0].as_py()  # a Sunday
    unplanned = table.set_column(table.column_names.index("planned_at"), "planned_at", pa.nulls(1, tables.TS))
    assert run([asked()], candidates=unplanned)["allowed"][0].as_py()


@pytest.mark.parametrize("name", ["country", "zones", "channel", "purpose", "person_role"])
def test_a_blank_denies(name):
    table = tables.candidates_table([asked("PA")])
    position = table.column_names.index(name)
    blank = table.set_column(position, name, pa.nulls(1, table.schema.field(name).type))
    assert run([asked("PA")])["allowed"][0].as_py()
    assert not run([asked("PA")], candidates=blank)["allowed"][0].as_py()


@pytest.mark.parametrize("name", ["creditor", "collector", "channel", "direction", "outcome", "purpose", "debt_id"])
def test_a_blank_in_history_counts(name):
    contact = past("CL", "2026-11-17 10:00")
    table = tables.history_table([asked(history=[contact])])
    blank = table.set_column(table.column_names.index(name), name, pa.nulls(1, pa.string()))
    assert run([asked()], history=blank)["rule_id"][0].as_py() == "CL-FREQ-CALL-VISIT"


def test_an_address_opt_out_denies_when_no_address_is_known():
    states = pa.Table.from_pylist(
        [{"person_id": "P0", "state": "channel_optout", "since": datetime(2026, 1, 1, tzinfo=UTC), "until": None, "channels": None}], tables.states_table([]).schema
    )
    assert run([asked()], states=states)["rule_id"][0].as_py() == "COMMON-OPTOUT"


def test_a_region_with_its_own_law_is_judged_by_it():
    evening = datetime(2026, 11, 18, 23, 30, tzinfo=UTC)  # 20:30 in Buenos Aires
    rows = run([asked("AR", subdivision="C", at=evening), asked("AR", subdivision="X", at=evening)]).to_pylist()
    assert [row["rule_id"] for row in rows] == ["AR-C-HOURS", None]


def test_contacts_to_come_are_not_history():
    assert run([asked(history=[past("CL", "2026-11-19 10:00")])])["allowed"][0].as_py()


@pytest.mark.parametrize(("table", "column"), [("candidates", "zones"), ("history", "outcome"), ("states", "until"), ("consents", "revoked")])
def test_a_missing_column_is_named(table, column):
    given = {"candidates": tables.candidates_table, "history": tables.history_table, "states": tables.states_table, "consents": tables.consents_table}
    with pytest.raises(MissingColumns, match=column):
        run([asked()], **{table: given[table]([asked()]).drop_columns([column])})


def test_instants_without_a_zone_are_refused():
    table = tables.history_table([asked(history=[past("CL", "2026-11-17 10:00")])])
    naive = table.set_column(table.column_names.index("at"), "at", table["at"].cast(pa.timestamp("us")))
    with pytest.raises(NaiveInstant):
        run([asked()], history=naive)


def test_preferences_must_be_given_where_a_rule_asks_for_them():
    with pytest.raises(PreferencesNeeded):
        run([asked("US")])
    assert run([asked("US")], preferences=tables.preferences_table([]))["allowed"][0].as_py()


def test_a_limit_that_cannot_be_asked_in_columns_raises_and_never_allows():
    files = read_files()
    for path, content in files.items():
        if path == "cl/frequency.yaml":
            files = files | {path: {"rules": [raw | {"values": [_by_number(value) for value in raw["values"]]} for raw in content["rules"]]}}
    with pytest.raises(NotColumnar):
        run([asked()], book=build(files))


def _by_number(value):
    return value | {"scope": "person_x_number"} if "scope" in value else value

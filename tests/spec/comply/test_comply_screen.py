"""The columnar evaluator at its edges: what is missing is refused or denied, never let through."""

from datetime import UTC, date, datetime

import pyarrow as pa
import pytest
from tests.spec.comply import test_comply_two_evaluators as tables
from tests.spec.comply.cases import CAPITAL, EVERY_CHANNEL, LONG_AGO, clock, past

from recaudo.engine.comply import (
    Consent,
    Debtor,
    MissingColumns,
    NotColumnar,
    Preference,
    PreferencesNeeded,
    Proposed,
    State,
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
    return value | {"scope": "galaxy"} if "scope" in value else value


def one(country, at, channel="call", history=(), states=(), consents=EVERY_CHANNEL, preferences=(), **proposed):
    """One candidate at a local clock time of the capital."""
    given = {"creditor": "C1", "collector": "K1", "debts": ("A",), "content_checked": False} | proposed
    debtor = Debtor(zones=(CAPITAL[country],), states=tuple(states), consents=tuple(consents), preferences=tuple(preferences))
    return tables.Asked(country, debtor, tuple(history), Proposed(clock(at, CAPITAL[country]), channel, **given))


NOON, NOON_CL, NOON_US = clock("2026-10-20 12:00", "America/Bogota"), clock("2026-11-12 12:00", "America/Santiago"), clock("2026-06-10 15:00", "America/New_York")
CALLS = [past("US", f"2026-06-0{day} 10:00") for day in range(4, 10)] + [past("US", "2026-06-04 11:00")]
EDGES = [
    (one("CL", "2026-11-12 12:00", states=[State("in_court", NOON_CL)]), {}, "CL-JUDICIAL-STAGE"),
    (one("CL", "2026-11-12 12:00", states=[State("in_court", LONG_AGO, until=NOON_CL)]), {}, None),
    (one("CO", "2026-10-20 12:00", "im", consents=[Consent("authorised_channel", NOON)]), {}, None),
    (one("CO", "2026-10-20 12:00", "im", consents=[Consent("authorised_channel", LONG_AGO, revoked=NOON)]), {}, "CO-CHANNEL-AUTH"),
    (one("CO", "2026-10-20 12:00", "im", consents=[Consent("authorised_channel", LONG_AGO, channels=frozenset())]), {}, "CO-CHANNEL-AUTH"),
    (one("CO", "2026-10-21 12:00", "im", [past("CO", "2026-10-20 09:00", "call", "busy")]), {}, None),
    (one("CO", "2026-10-21 12:00", "im", [past("CO", "2026-10-20 09:00", "call")]), {}, "CO-ONE-CHANNEL-WEEK"),
    (one("CO", "2026-10-21 12:00", "prerecorded", [past("CO", "2026-10-20 09:00", "call")]), {}, None),
    (one("CO", "2026-10-26 12:00", "im", [past("CO", "2026-10-24 09:00", "call")]), {"CO.week": "calendar"}, None),
    (one("CO", "2026-10-24 12:00", "im", [past("CO", "2026-10-19 07:00", "call")]), {"CO.week": "calendar"}, "CO-ONE-CHANNEL-WEEK"),
    (one("CL", "2026-11-12 12:00", history=[past("CL", "2026-11-09 09:00", "visit", "visit_nobody")]), {"CL.count_basis": "live_contact"}, None),
    (one("CL", "2026-11-12 12:00", history=[past("CL", "2026-11-09 09:00", "visit", "visit_contact")]), {"CL.count_basis": "live_contact"}, "CL-FREQ-CALL-VISIT"),
    (one("CL", "2026-11-12 12:00", history=[past("CL", "2026-11-09 09:00", creditor="C2")]), {"CL.scope": "creditor_only"}, None),
    (one("CL", "2026-11-12 12:00", history=[past("CL", "2026-11-09 09:00")], person="attorney"), {}, None),
    (one("EC", "2026-10-20 12:00", history=[past("EC", "2026-10-20 09:00", "sms")]), {"EC.per_mechanism": "per_channel"}, None),
    (one("EC", "2026-10-20 12:00", history=[past("EC", "2026-10-20 09:00", "sms")]), {}, "EC-DAILY-1"),
    (one("US", "2026-06-10 12:00", history=CALLS), {}, "US-FREQ-7IN7"),
    (one("US", "2026-06-11 08:00", history=CALLS), {}, None),
    (one("US", "2026-06-10 12:00", history=CALLS, debts=("B",)), {}, None),
    (one("US", "2026-06-10 12:00", history=CALLS, debts=()), {}, "US-FREQ-7IN7"),
    (one("US", "2026-06-10 12:00", history=[past("US", "2026-06-04 10:00", "call", "conversation", direction="in")]), {}, "US-FREQ-CONV"),
    (one("US", "2026-06-10 15:00", preferences=[Preference("inconvenient_time", NOON_US, starts=900, ends=1020)]), {}, "US-INCONVENIENT"),
    (one("US", "2026-06-10 17:00", preferences=[Preference("inconvenient_time", NOON_US, starts=900, ends=1020)]), {}, None),
    (one("US", "2026-06-10 15:00", preferences=[Preference("inconvenient_time", LONG_AGO, until_date=date(2026, 6, 9))]), {}, None),
    (one("US", "2026-06-10 15:00", preferences=[Preference("inconvenient_place", LONG_AGO, place="home")], place="home"), {}, "US-INCONVENIENT"),
    (one("US", "2026-06-10 12:00", history=[past("US", "2026-01-10 10:00", "call", "third_party_answered")], purpose="location_info"), {}, "US-LOCATION-ONCE"),
    (one("US-NY-NYC", "2026-12-31 12:00", history=[past("US", f"2026-12-{day} 10:00", "sms") for day in (28, 29, 30)]), {}, None),
    (one("US-NY-NYC", "2027-01-01 12:00", history=[past("US", f"2026-12-{day} 10:00", "sms") for day in (28, 29, 30)]), {}, "NYC-3IN7"),
]  # fmt: skip


@pytest.mark.parametrize(("case", "toggles", "rule"), EDGES)
def test_at_the_edge_of_a_rule_both_evaluators_agree(case, toggles, rule):
    assert tables.screened([case], toggles, None)[0]["rule_id"] == rule
    tables.compare([case], toggles, None)

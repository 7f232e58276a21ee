"""The lawbook as data: sound as shipped, and the linter finds every kind of planted fault."""

import copy
from datetime import date

import pytest

from recaudo.engine.comply import BadLawbook, build, content_hash, lawbook, lint, parse_file, read_files

JURISDICTIONS = {"CL", "CO", "MX", "PE", "AR", "AR-C", "BR", "EC", "PA", "CR", "GT", "US", "US-NY-NYC"}


@pytest.fixture
def files():
    return copy.deepcopy(read_files())


def rule(files, path, rule_id):
    return next(raw for raw in files[path]["rules"] if raw["id"] == rule_id)


def test_the_lawbook_as_shipped_has_no_fault():
    assert lint() == []


def test_every_jurisdiction_has_its_pack():
    assert set(lawbook().jurisdictions) == JURISDICTIONS


def test_every_rule_says_in_spanish_what_it_asks_and_where_it_is_written():
    for document in lawbook().documents.values():
        for one in document.rules.values():
            assert one.text_es.endswith("."), one.id
            assert one.citation, one.id


def _set(path, rule_id, key, value):
    return lambda files: rule(files, path, rule_id).__setitem__(key, value)


def _value(path, rule_id, key, value):
    return lambda files: rule(files, path, rule_id)["values"][0].__setitem__(key, value)


def _drop(path, rule_id, key):
    return lambda files: rule(files, path, rule_id)["values"][0].pop(key)


def _meta(path, key, value):
    return lambda files: files[path].__setitem__(key, value)


def _dates(*spans):
    def plant(files):
        base = rule(files, "mx/hours.yaml", "MX-HOURS")
        base["values"] = [base["values"][0] | {"from": start, "until": end} for start, end in spans]

    return plant


D = date.fromisoformat
HOURS = ("mx/hours.yaml", "MX-HOURS")
FAULTS = {
    "no source": ("no_source", lambda files: rule(files, *HOURS).pop("source")),
    "empty source": ("no_source", _set(*HOURS, "source", [])),
    "source of no list": ("unknown_source", _set(*HOURS, "source", ["S-XX-1"])),
    "pending yet verified": ("pending_but_verified", lambda files: rule(files, *HOURS).update(source="pending", confidence="verified_primary")),
    "no dates": ("no_dates", _drop(*HOURS, "from")),
    "not a date": ("bad_date", _value(*HOURS, "until", "mañana")),
    "ends before it starts": ("empty_span", _dates((D("2026-01-01"), D("2025-01-01")))),
    "overlap": ("overlap", _dates((D("2014-10-07"), D("2026-06-01")), (D("2026-05-01"), "open"))),
    "open and then another": ("overlap", _dates((D("2014-10-07"), "open"), (D("2026-05-01"), "open"))),
    "gap": ("gap", _dates((D("2014-10-07"), D("2026-01-01")), (D("2026-05-01"), "open"))),
    "no unit": ("no_unit", _drop(*HOURS, "unit")),
    "unknown key of a value": ("unknown_key", _value(*HOURS, "chanels", ["call"])),
    "unknown key of a rule": ("unknown_key", _set(*HOURS, "texto", "x")),
    "unknown key of meta": ("unknown_key", _meta("mx/meta.yaml", "huso", "x")),
    "unknown type": ("unknown_type", _set(*HOURS, "type", "ventana")),
    "unknown confidence": ("unknown_confidence", _set(*HOURS, "confidence", "segura")),
    "closes before it opens": ("bad_value", _value(*HOURS, "week", {"mon": "22:00-07:00"})),
    "hour 25": ("bad_value", _value(*HOURS, "week", {"mon": "07:00-25:00"})),
    "a day twice": ("bad_value", _value(*HOURS, "week", {"mon-fri": "07:00-22:00", "tue": "08:00-09:00"})),
    "windows overlap": ("windows_overlap", _value(*HOURS, "week", {"mon": "07:00-12:00, 11:00-15:00"})),
    "never opens": ("empty_window", _value(*HOURS, "week", {})),
    "no text": ("missing_key", _set(*HOURS, "text_es", "")),
    "window without channels": ("missing_key", _drop(*HOURS, "channels")),
    "no default": ("no_default", lambda files: rule(files, *HOURS)["values"][0]["week"].pop("default")),
    "toggle of nowhere": ("undeclared_toggle", _meta("mx/meta.yaml", "toggles", {})),
    "option of nowhere": ("undeclared_option", lambda files: rule(files, *HOURS)["values"][0]["week"]["options"].update(x={"mon": "07:00-08:00"})),
    "allowed and forbidden": ("contradiction", lambda files: rule(files, "cl/people.yaml", "CL-THIRD-PARTY")["values"][0]["forbid"].append("debtor")),
    "cap of none": ("bad_limit", _value("cl/frequency.yaml", "CL-FREQ-MSG", "max", 0)),
    "unknown scope": ("unknown_scope", _value("cl/frequency.yaml", "CL-FREQ-MSG", "scope", "todos")),
    "bad period": ("bad_value", _value("cl/frequency.yaml", "CL-FREQ-MSG", "period", {"days": 7})),
    "exempts a rule of nowhere": ("unknown_rule", _value("cl/frequency.yaml", "CL-NOT-COUNTED", "from_rules", ["CL-X"])),
    "same id twice": ("duplicate_id", _set("cl/content.yaml", "CL-CONTENT-REQUIRED", "id", "CL-HOURS")),
    "not in the order": ("not_in_order", _meta("mx/meta.yaml", "reading_order", [])),
    "order of nowhere": ("order_unknown", lambda files: files["pa/meta.yaml"]["reading_order"].append("PA-X")),
    "circular parents": ("circular_parent", _meta("us/meta.yaml", "parent", "US-NY-NYC")),
    "parent of nowhere": ("unknown_parent", _meta("us-ny-nyc/meta.yaml", "parent", "US-NY")),
    "zone of nowhere": ("unknown_zone", lambda files: files["mx/meta.yaml"]["timezones"].update(default="America/Atlantis")),
    "calendar of nowhere": ("unknown_calendar", lambda files: files["mx/meta.yaml"]["holidays"].update(country="XX")),
    "no calendar": ("no_holidays", lambda files: files["cl/meta.yaml"].pop("holidays")),
    "no meta": ("no_meta", lambda files: files.pop("pa/meta.yaml")),
    "no house": ("no_common", lambda files: [files.pop(path) for path in list(files) if path.startswith("common/")]),
}  # fmt: skip


@pytest.mark.parametrize("name", FAULTS)
def test_the_linter_finds(name, files):
    code, plant = FAULTS[name]
    plant(files)
    found = lint(files)
    assert code in {finding.code for finding in found}
    assert all(finding.text and finding.file for finding in found)


def test_a_key_written_twice_is_refused():
    with pytest.raises(BadLawbook):
        parse_file("x/hours.yaml", "rules: []\nrules: []\n")


def test_a_circular_pack_is_refused(files):
    files["us/meta.yaml"]["parent"] = "US-NY-NYC"
    with pytest.raises(BadLawbook):
        build(files).pack("US")


def test_the_version_follows_the_content_and_not_the_layout(files):
    text = "rules: [{id: A}]\n"
    assert content_hash({"a": parse_file("a", text)}) == content_hash({"a": parse_file("a", "rules:\n  # comment\n  - id: A\n")})
    before = content_hash(files)
    rule(files, "cl/frequency.yaml", "CL-FREQ-MSG")["values"][0]["max"] = 3
    assert content_hash(files) != before == lawbook().version


def test_two_values_of_one_rule_rule_each_in_its_time():
    pack = lawbook().pack("CL")
    data = pack.rule("CL-DATA-REQUEST")
    assert pack.terms(data, D("2026-11-30")).unit == "business_days"
    assert pack.terms(data, D("2026-12-01")).unit == "calendar_days"


def test_an_unknown_option_keeps_the_strict_reading():
    assert lawbook().pack("MX", toggles={"MX.days": "nunca"}).terms(lawbook().pack("MX").rule("MX-HOURS"), D("2026-01-01")).week.keys() == set(range(7))

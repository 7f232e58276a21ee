"""What the analysis says of a table, in words and with the accounts of a day behind each finding."""

from __future__ import annotations

import pytest
from django.urls import reverse
from tests.contexts.strategy.conftest import row_of

from recaudo.strategy import services
from recaudo.strategy.queries.analysis import table_analysis, touched
from recaudo.strategy.queries.findings import findings
from recaudo.strategy.queries.versions import model_of


def with_policy(policy):
    """The default strategy, whose table of sizes has another policy."""
    xml = services.default_xml()
    start = xml.index(b'<decisionTable id="table_size"')
    return xml[:start] + xml[start:].replace(b'hitPolicy="FIRST"', f'hitPolicy="{policy}"'.encode(), 1)


def edited(cast, draft, decision, number, column, text):
    return services.change_cell(draft, decision=decision, rule_id=row_of(draft, decision, number).id, column=column, text=text, by=cast.elena, at=cast.now)


def test_the_strategy_of_the_product_has_no_hole_and_no_dead_row(cast, active):
    model = model_of(active)
    assert [one.code for one in findings(model) if one.code in {"gap", "rules_conflict", "never_true", "shadowed_rule", "not_analysed"}] == []


def test_a_hole_is_told_in_words_and_with_its_accounts(cast, draft, snapshot):
    last = len(model_of(draft).decision("risk").table.rules)
    services.delete_row(draft, decision="risk", rule_id=row_of(draft, "risk", last).id, by=cast.elena, at=cast.now)
    draft.refresh_from_db()
    [told] = [one for one in findings(model_of(draft)) if one.code == "gap"][:1]
    assert "Ninguna fila se cumple para, por ejemplo, Riesgo" in told.message and told.severity == "warning"
    found = table_analysis(draft, "risk", snapshot)
    gaps = [line for line in found.lines if line.kind == "gap"]
    assert found.accounts == 4 and sum(line.count for line in gaps) <= 4
    for line in gaps:
        facts, rows = touched(draft, "risk", line.key, snapshot)
        assert len(rows) == line.count and all(len(row.values) == len(facts) for row in rows)


def test_a_row_that_others_cover_says_how_many_accounts_it_would_have(cast, draft, snapshot):
    first = row_of(draft, "channel", 1)
    services.add_row(draft, decision="channel", beside=first.id, is_before=True, by=cast.elena, at=cast.now)
    edited(cast, draft, "channel", 1, "channel_out1", '"letter"')
    draft.refresh_from_db()
    found = table_analysis(draft, "channel", snapshot)
    masked = [line for line in found.lines if line.kind == "masked"]
    assert {line.numbers[0] for line in masked} == set(range(2, 18)) and {line.by for line in masked} == {(1,)}
    assert masked[0].count is not None and sum(line.count for line in masked) >= 4


def test_a_contradiction_may_stay_in_a_draft_but_is_not_sent(cast, active):
    draft = services.upload(active.strategy, xml=with_policy("UNIQUE"), note="Única", by=cast.elena, at=cast.now, base=active)
    wrong = [one for one in findings(model_of(draft)) if one.code == "rules_conflict"]
    assert wrong and "pueden cumplirse a la vez" in wrong[0].message and "Tipo de deudor" in wrong[0].message
    with pytest.raises(services.StrategyNotSound, match="a la vez"):
        services.submit(draft, by=cast.elena, at=cast.now)
    draft.refresh_from_db()
    assert draft.status == "draft"


def test_the_page_lists_findings_and_leads_to_the_accounts(cast, enter, active, snapshot):
    elena = enter("elena")
    page = elena.get(reverse("strategy:analysis", args=[active.id, "treatment"])).content.decode()
    assert "Traslape" in page and "4 cuentas" in page and "manda el orden" in page
    tables = [decision.name for decision in model_of(active).decisions if decision.table]
    name, line = next((name, line) for name in tables for line in table_analysis(active, name, snapshot).lines if line.count)
    listed = elena.get(reverse("strategy:analysis-accounts", args=[active.id, name, line.key])).content.decode()
    assert "CTA-" in listed
    assert elena.get(reverse("strategy:analysis-accounts", args=[active.id, "treatment", 9999])).status_code == 404
    assert elena.get(reverse("strategy:analysis", args=[active.id, "nada"])).status_code == 404


def test_who_may_not_see_accounts_sees_the_numbers_only(cast, enter, active, snapshot):
    cast.users["elena"].roles = ["trainer"]
    cast.users["elena"].save()
    elena = enter("elena")
    page = elena.get(reverse("strategy:analysis", args=[active.id, "treatment"]))
    assert page.status_code == 200 and "/analisis/1/" not in page.content.decode()
    assert elena.get(reverse("strategy:analysis-accounts", args=[active.id, "treatment", 1])).status_code == 404


def test_without_a_day_the_findings_are_still_told(cast, enter, active):
    page = enter("elena").get(reverse("strategy:analysis", args=[active.id, "treatment"])).content.decode()
    assert "Aún no hay una jornada guardada" in page and "Traslape" in page

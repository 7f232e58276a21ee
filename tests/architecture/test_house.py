"""The rules of the house that import-linter cannot see, each with a planted fault that it must catch."""

from __future__ import annotations

import ast
import subprocess
import sys
from pathlib import Path

import pytest

from tests.architecture import house

ROOT = Path(__file__).resolve().parents[2]
MODULES = list(house.modules())


def faults(rule, contexts=house.CONTEXTS):
    return {path: found for context, path, tree in MODULES if context in contexts and (found := rule(context, tree))}


def test_another_context_is_entered_by_its_public_face():
    assert faults(house.past_the_face) == {}
    planted = ast.parse("from recaudo.portfolio.services.ledger import book\nfrom recaudo.casework.forms import X")
    assert len(house.past_the_face("desk", planted)) == 2


def test_no_foreign_key_points_up():
    assert faults(house.keys_that_point_up) == {}
    assert house.keys_that_point_up("portfolio", ast.parse('models.ForeignKey("casework.Case", on_delete=1)')) == ["casework.Case"]


def test_nobody_writes_to_another_contexts_tables():
    assert faults(house.writes_elsewhere) == {}
    planted = ast.parse("from recaudo.portfolio.models import Account\nAccount.objects.filter(id=1).update(dpd=0)")
    assert len(house.writes_elsewhere("desk", planted)) == 1


def test_the_clock_is_read_at_the_edge_only():
    inner = ("services", "queries", "models")
    found = {
        path: lines
        for context, path, tree in MODULES
        if (context in house.CONTEXTS and path.split("/")[1].removesuffix(".py") in inner) or context in {"engine", "kernel"}
        if (lines := house.reads_the_clock(tree))
    }
    assert found == {}
    assert house.reads_the_clock(ast.parse("at = timezone.now()")) == ["line 1"]


def test_the_day_does_not_loop_over_accounts():
    tree = next(tree for _, path, tree in MODULES if path == "flow/day.py")
    assert house.loops_over_accounts(tree) == []
    assert house.loops_over_accounts(ast.parse("for account in accounts: pass")) == ["line 1"]


def test_only_the_gate_makes_a_permit():
    assert {path: found for _, path, tree in MODULES if (found := house.makes_permits(path, tree))} == {}
    assert house.makes_permits("desk/views.py", ast.parse("permit = Permit(action_id=1)")) == ["line 1"]


def path_faults(rule):
    return {path: found for context, path, tree in MODULES if context in house.CONTEXTS and (found := rule(path, tree))}


def test_only_the_adapters_know_a_way_out_of_the_house():
    assert path_faults(house.opens_a_wire) == {}
    for text in ("import smtplib", "from http.client import HTTPSConnection", "from django.core.mail import send_mail", "import urllib.request"):
        assert house.opens_a_wire("desk/services.py", ast.parse(text)), text


def test_only_the_outbox_takes_a_transport():
    assert path_faults(house.takes_a_transport) == {}
    for text in ("from recaudo.messaging.adapters import transport", "from recaudo.messaging.adapters.sms.sandbox.transport import Carrier"):
        assert house.takes_a_transport("messaging/services/byhand.py", ast.parse(text)), text
    assert not house.takes_a_transport("messaging/services/letters.py", ast.parse("from recaudo.messaging.adapters import Outgoing"))


BYPASS = """
def quick(point, text):
    carriers.of("sms", "sandbox").send(Outgoing("k", point.value, text))
"""
BYPASS_MAYBE = BYPASS.replace("point, text", "point, text, permit: Permit | None = None")
WITH_PERMIT = BYPASS.replace("point, text", "point, text, permit: Permit")
WITH_SEAT = "class Seat:\n    permit: Permit\n" + BYPASS.replace("point, text", "point, text, seat: Seat")


def test_nothing_is_handed_over_without_a_permit_in_hand():
    assert path_faults(house.emits_without_a_permit) == {}
    outbox = next(tree for _, path, tree in MODULES if path == "messaging/services/outbox.py")
    assert any(isinstance(node, ast.Attribute) and node.attr == "send" for node in ast.walk(outbox)), "the rule looks at nothing"
    for planted in (BYPASS, BYPASS_MAYBE, "carriers.of('sms', 'x').send(y)"):
        assert house.emits_without_a_permit("messaging/services/byhand.py", ast.parse(planted)), planted
    for honest in (WITH_PERMIT, WITH_SEAT):
        assert not house.emits_without_a_permit("messaging/services/byhand.py", ast.parse(honest)), honest


def test_no_contact_begins_around_the_gate():
    assert path_faults(house.starts_without_the_gate) == {}
    for planted in ('Action.objects.filter(id=1).update(status="in_progress")', 'Message.objects.create(status="in_flight")', 'message.status = "sent"'):
        assert house.starts_without_the_gate("messaging/services/byhand.py", ast.parse(planted)), planted


def test_every_context_says_what_it_is():
    for name in house.CONTEXTS:
        text = ast.get_docstring(ast.parse((house.SOURCE / name / "__init__.py").read_text(encoding="utf-8")))
        assert text and len(text) > 60, f"{name}/__init__.py needs a docstring"


def test_the_contracts_catch_a_planted_import(tmp_path):
    """import-linter runs in `make lint`; here its contracts are seen failing on a copy with a fault in it."""
    import shutil

    shutil.copytree(ROOT / "src" / "recaudo", tmp_path / "src" / "recaudo", ignore=shutil.ignore_patterns("static", "*.pyc", "data", "locale"))
    shutil.copy(ROOT / ".importlinter", tmp_path)
    target = tmp_path / "src" / "recaudo" / "portfolio" / "queries" / "planted.py"
    target.write_text("from recaudo.casework import models\n")
    (tmp_path / "src" / "recaudo" / "engine" / "planted.py").write_text("import django\n")
    run = subprocess.run(
        [str(Path(sys.executable).parent / "lint-imports"), "--no-cache"], cwd=tmp_path, capture_output=True, text=True,
        env={"PYTHONPATH": str(tmp_path / "src"), "PATH": "/usr/bin:/bin"}, check=False,
    )  # fmt: skip
    assert run.returncode == 1
    assert "Floors BROKEN" in run.stdout
    assert "The engine and the kernel touch nothing BROKEN" in run.stdout


@pytest.mark.parametrize("context", house.CONTEXTS)
def test_a_context_has_the_same_few_files(context):
    known = {
        "__init__.py", "apps.py", "models.py", "models", "queries.py", "queries", "services.py", "services", "forms.py", "forms", "views.py",
        "views", "api.py", "tasks.py", "urls.py", "admin.py", "templates", "migrations", "adapters", "management", "templatetags", "static",
        # each of these is one context's own word, named in its docstring
        "reactions.py", "day.py", "words.py", "permit.py", "catalogue.py", "catalogue.yaml", "defaults", "defaults.py", "chain.py", "backends.py",
    }  # fmt: skip
    extra = {path.name for path in (house.SOURCE / context).iterdir() if path.name != "__pycache__"} - known
    allowed = EXTRA.get(context, set())
    assert extra <= allowed, f"unexpected in {context}: {sorted(extra - allowed)}"


EXTRA: dict[str, set[str]] = {
    # intake's own words: its catalogue of fields, the rules that derive, the pure checks, the plan of a reading
    "intake": {"fields.py", "derive.py", "plan.py", "checking.py", "checking_accounts.py", "checking_payments.py", "progress.py"},
    # the mails it writes, the sign-in routes and second factor of the library it uses
    "workforce": {"mail.py", "sign_in_urls.py", "second_factor.py"},
    "desk": {"script.py"},
    "messaging": {"replies.yaml"},  # what short replies mean, read by services/replies.py
    # the tree over the seals, the signature, and the form of an anchor outside: pure, and read by no other context
    "journal": {"merkle.py", "signing.py", "anchors.py", "rolls.py"},
    "flow": {"rolls.py"},  # which tables are sealed by batches: the floor that knows them all says so, beside its reactions
    "analytics": {"packing.py"},  # rows of engine.measure as JSON keeps them, for the readings that every process shares
    # how long there is to answer and to keep, what belongs to a person, and what goes into an evidence file
    "compliance": {"clocks.py", "terms.py", "reach.py", "expediente"},
    "law": {"rulebook.py", "signing.py"},  # the lawbook read aloud, without a database: pages and the command line share it
}

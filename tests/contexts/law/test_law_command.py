"""`recaudo law`: the linter, the vectors and the reading, without any database."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from recaudo.engine import comply
from recaudo.law import rulebook, words
from recaudo.project.cli.law import command

VECTORS = Path(__file__).resolve().parents[2] / "spec" / "comply" / "vectors.jsonl"


def run(*arguments: str) -> Result:
    return CliRunner().invoke(command, list(arguments))


@pytest.fixture
def planted(tmp_path: Path) -> Path:
    """The first vectors of the suite, with one that says the contrary of the law."""
    lines = VECTORS.read_text(encoding="utf-8").splitlines()[:10]
    wrong = json.loads(next(line for line in lines if json.loads(line).get("expected", {}).get("verdict") == "deny"))
    wrong["id"], wrong["expected"] = "PLANTED", {"verdict": "allow", "rule_id": None}
    wrong.pop("alt_verdicts", None)
    file = tmp_path / "planted.jsonl"
    file.write_text("\n".join([*lines, json.dumps(wrong), "{not json", ""]), encoding="utf-8")
    return file


def test_the_vectors_of_the_suite_all_pass() -> None:
    done = run("vectors", str(VECTORS), "--json")
    answer = json.loads(done.stdout)
    count = sum(bool(line.strip()) for line in VECTORS.read_text(encoding="utf-8").splitlines())
    assert done.exit_code == 0 and answer == {"passed": count, "failed": 0, "failures": []}


def test_a_planted_wrong_vector_fails_with_its_reason(planted: Path) -> None:
    done = run("vectors", str(planted), "--json")
    answer = json.loads(done.stdout)
    assert done.exit_code == 1 and answer["passed"] == 10 and answer["failed"] == 2
    assert answer["failures"][0] == {"id": "PLANTED", "reason": "veredicto: se esperaba allow, dio deny"}
    assert answer["failures"][1]["id"] == "línea 12" and "JSONDecodeError" in answer["failures"][1]["reason"]


def test_the_vectors_are_told_in_words_too(planted: Path) -> None:
    done = run("vectors", str(planted))
    assert done.exit_code == 1
    assert "FALLA PLANTED: veredicto: se esperaba allow, dio deny" in done.stdout and "10 pasaron, 2 fallaron." in done.stdout


def test_bytes_that_are_no_text_fail_their_own_line_only(tmp_path: Path) -> None:
    good = VECTORS.read_text(encoding="utf-8").splitlines()[0]
    file = tmp_path / "bytes.jsonl"
    file.write_bytes(b"\xef\xbb\xbf" + good.encode() + b"\r\n\xff\xfe\xff\n")
    answer = json.loads(run("vectors", str(file), "--json").stdout)
    assert (answer["passed"], answer["failed"]) == (1, 1)


def test_a_file_that_is_not_there_is_wrong_use() -> None:
    assert run("vectors", "no-such-file.jsonl").exit_code == 2


def test_the_command_needs_no_database_and_no_django(tmp_path: Path) -> None:
    said = (
        "import sys\nfrom recaudo.project.cli import recaudo\n"
        "try:\n    recaudo(sys.argv[1:], prog_name='recaudo')\n"
        "finally:\n    print('django' in sys.modules, 'psycopg' in sys.modules, file=sys.stderr)"
    )
    environment = {"PATH": os.environ["PATH"], "PYTHONPATH": os.pathsep.join(sys.path), "HOME": str(tmp_path), "RECAUDO_STATE": str(tmp_path / "none")}
    for arguments in (["law", "vectors", str(VECTORS)], ["law", "check"], ["law", "show", "CL"]):
        done = subprocess.run([sys.executable, "-c", said, *arguments], env=environment, capture_output=True, text=True, check=False)
        assert done.returncode == 0 and done.stderr.split()[-2:] == ["False", "False"], done.stderr
    assert not (tmp_path / "none").exists()


def test_the_shipped_lawbook_is_clean() -> None:
    done = run("check", "--json")
    answer = json.loads(done.stdout)
    assert done.exit_code == 0 and answer["is_well"] and answer["findings"] == [] and answer["library_problems"] == []
    assert answer["version"] == comply.lawbook().version and set(answer["libraries"]) == {"holidays", "tzdata"}


def test_a_finding_makes_the_check_fail(monkeypatch: pytest.MonkeyPatch) -> None:
    finding = comply.Finding("cl/hours.yaml", "CL-HOURS", "no_source", "Falta la fuente.")
    monkeypatch.setattr(comply, "lint", lambda: [finding])
    done = run("check")
    assert done.exit_code == 1 and "cl/hours.yaml CL-HOURS [no_source] Falta la fuente." in done.stdout


def test_old_libraries_make_the_check_fail(monkeypatch: pytest.MonkeyPatch) -> None:
    old = comply.Libraries(False, ("La biblioteca tzdata es anterior.",), {"tzdata": "2020.1"})
    monkeypatch.setattr(comply, "libraries_ok", lambda book: old)
    done = run("check", "--json")
    assert done.exit_code == 1 and json.loads(done.stdout)["library_problems"] == ["La biblioteca tzdata es anterior."]


def test_a_lawbook_that_cannot_be_read_makes_the_check_fail(monkeypatch: pytest.MonkeyPatch) -> None:
    def broken() -> Any:
        raise comply.BadLawbook(where="cl/hours.yaml", what="no es YAML")

    monkeypatch.setattr(comply, "lawbook", broken)
    done = run("check", "--json")
    assert done.exit_code == 1 and "no es YAML" in json.loads(done.stdout)["findings"][0]["text"]


def test_the_rules_of_a_country_are_read_in_spanish() -> None:
    said = run("show", "cl", "--on", "2026-11-24").stdout
    assert "Chile. Reglas en vigor el 24/11/2026" in said
    assert "Horas: lunes a sábado 8:00 a 20:00; domingo no" in said
    assert "Máximo: 1 contacto por semana" in said and "citada por fuente secundaria" in said
    assert "Por entrar en vigor\n  CL-SANCTION-DATA" in said


def test_a_rule_is_read_as_it_stands_on_the_day() -> None:
    ids = lambda day: {one["id"]: one["state"] for one in json.loads(run("show", "CL", "--on", day, "--json").stdout)["rules"]}  # noqa: E731
    before, after = ids("2026-11-30"), ids("2026-12-01")
    assert before["CL-SANCTION-DATA"] == "future" and after["CL-SANCTION-DATA"] == "in_force"
    assert ids("2021-04-19")["CL-FREQ-CALL-VISIT"] == "future"


def test_a_norm_of_the_future_does_not_rule_yet() -> None:
    read = json.loads(run("show", "US-NY-NYC", "--on", "2026-11-24", "--json").stdout)["rules"]
    states = {one["id"]: (one["state"], one["since"]) for one in read}
    assert states["NYC-3IN7"] == ("future", "2027-01-01") and states["US-FREQ-7IN7"][0] == "in_force"


def test_an_unknown_country_is_wrong_use_and_says_which_there_are() -> None:
    done = run("show", "ZZ")
    assert done.exit_code == 2 and "CL, CO" in done.output


def test_every_word_of_the_lawbook_has_its_spanish_name() -> None:
    book = comply.lawbook()
    assert rulebook.unsaid(book) == []
    vocabulary = book.documents["COMMON"].meta["words"]
    assert set(vocabulary["channels"]) <= set(words.CHANNEL)
    assert set(vocabulary["persons"]) <= set(words.PERSON)
    assert {*vocabulary["purposes"], *vocabulary["same_as_collection"]} <= set(words.PURPOSE)
    assert {document.meta["status"] for document in book.documents.values()} <= set(words.STATUS)


def test_a_word_without_a_name_is_noticed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delitem(words.STATE, "in_court")
    assert any("in_court" in line for line in rulebook.unsaid(comply.lawbook()))


def test_every_option_of_a_toggle_says_what_it_means_and_changes_some_rule() -> None:
    book = comply.lawbook()
    for document in book.documents.values():
        for name, says in (document.meta.get("toggles") or {}).items():
            assert all(isinstance(text, str) and text for text in says["options"].values()), name
            found = rulebook.effects(book, name)
            assert found and any(len({said for _, said in one.by_option}) == len(one.by_option) for one in found), name

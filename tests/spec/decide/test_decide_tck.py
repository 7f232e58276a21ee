"""The conformance suite of DMN, level 2, on both evaluators."""

from __future__ import annotations

from pathlib import Path

import pytest

from recaudo.engine.decide import tck
from recaudo.engine.decide.problems import InvalidModel

FOLDER = Path(__file__).parent / "tck"


@pytest.mark.parametrize("engine", ["reference", "compiled"])
def test_every_case_of_level_2_is_right(engine: str) -> None:
    report = tck.run_folder(FOLDER, engine)
    assert report.wrong_cases == []
    assert report.as_dict()["total"] == {"passed": 126, "refused": 0, "wrong": 0}
    assert report.levels["2"].other.passed == 110


def test_a_wrong_answer_is_reported_with_its_place(tmp_path: Path) -> None:
    folder = tmp_path / "compliance-level-2" / "0001-input-data-string"
    folder.mkdir(parents=True)
    source = FOLDER / "compliance-level-2" / "0001-input-data-string"
    for file in source.iterdir():
        text = (
            file.read_text().replace("Hello John Doe", "Adiós John Doe") if file.suffix == ".xml" else file.read_text()
        )
        (folder / file.name).write_text(text)
    report = tck.run_folder(tmp_path)
    assert (report.total.passed, report.total.wrong) == (0, 1)
    assert report.wrong_cases[0].node == "Greeting Message"
    assert "Mal" in report.as_text()


def test_an_unknown_engine_is_refused() -> None:
    with pytest.raises(InvalidModel):
        tck.run_folder(FOLDER, "magic")

"""`recaudo model`: a person trains on a file, measures, and reads why one row has its score; bad input is told in Spanish."""

import json

import pyarrow.csv as csv
import pyarrow.parquet as pq
import pytest
from click.testing import CliRunner
from tests.spec.score.test_score_cards import world

from recaudo.kernel.problems import Problem
from recaudo.project.cli.model import command


def run(*arguments):
    result = CliRunner().invoke(command, [str(one) for one in arguments])
    if result.exception and not isinstance(result.exception, SystemExit):
        raise result.exception
    return result.output


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    place = tmp_path_factory.mktemp("models")
    table = world(3000).drop_columns(["truth"])
    csv.write_csv(table, place / "a.csv")
    pq.write_table(world(3000, seed=8), place / "b.parquet")
    run("train", place / "a.csv", "--target", "paid", "--protected", "product", "--name", "paga", "--out", place / "card.json")
    return place


def test_a_card_is_trained_kept_and_measured_on_another_file(folder):
    told = json.loads(run("evaluate", folder / "card.json", folder / "b.parquet", "--target", "paid", "--before", folder / "a.csv", "--protected", "product", "--json"))
    assert told["quality"]["auc"] > 0.7
    assert told["drift"]["puntaje"] < 0.05
    assert {one["group"] for one in told["fairness"]["product"]} == {"card", "loan"}


def test_what_training_prints_can_be_read(folder):
    text = run("train", folder / "a.csv", "--target", "paid", "--protected", "product")
    assert "AUC" in text and "Equidad por product" in text and "dpd: hasta" in text
    assert "product:" not in text.split("Equidad")[0].split("Puntos")[1]  # what is only for fairness has no points


def test_a_row_is_explained(folder):
    told = json.loads(run("explain", folder / "card.json", folder / "a.csv", "--row", 2, "--json"))
    assert 0 < told["probability"] < 1 and told["reasons"]
    assert "puntaje" in run("explain", folder / "card.json", folder / "a.csv")


def test_a_target_in_words_needs_the_word_that_counts(folder, tmp_path):
    table = world(1200).drop_columns(["truth"])
    words = ["bueno" if one else "malo" for one in table.column("paid").to_pylist()]
    csv.write_csv(table.drop_columns(["paid"]).append_column("paid", [words]), tmp_path / "w.csv")
    assert json.loads(run("train", tmp_path / "w.csv", "--target", "paid", "--yes", "bueno", "--json"))["test"]["auc"] > 0.7
    with pytest.raises(Problem, match="sí o no"):
        run("train", tmp_path / "w.csv", "--target", "paid")


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("train", "a.csv", "--target", "nada"), "no tiene la columna «nada»"),
        (("train", "a.csv", "--target", "paid", "--facts", "dpd,zeta"), "no tiene la columna «zeta»"),
        (("evaluate", "a.csv", "a.csv", "--target", "paid"), "no es un modelo"),
        (("explain", "card.json", "a.csv", "--row", "9999"), "tiene 3000 filas"),
        (("train", "broken.parquet", "--target", "paid"), "no se pudo leer"),
    ],
)  # fmt: skip
def test_bad_input_is_told_what_and_how_to_mend(folder, arguments, said):
    (folder / "broken.parquet").write_bytes(b"PAR1 no")
    with pytest.raises(Problem, match=said):
        run(*(folder / one if one.endswith((".csv", ".json", ".parquet")) else one for one in arguments))

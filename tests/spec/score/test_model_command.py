"""`recaudo model`: a person trains on a file, measures, and reads why one row has its score; bad input is told in Spanish."""

import json

import pyarrow.csv as csv
import pyarrow.parquet as pq
import pytest
from click.testing import CliRunner
from tests.spec.score.test_score_cards import world

from recaudo.kernel.problems import Problem
from recaudo.project.cli.model import command

RATES = "segment,hour,person,tried,reached\ns,09,a,20,1\ns,18,a,20,12\ns,09,b,20,11\ns,18,b,20,2\ns,09,c,0,0\ns,18,c,0,0\n"


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


def test_rates_of_few_attempts_are_drawn_to_their_kind_and_the_best_is_told(tmp_path):
    (tmp_path / "r.csv").write_text(RATES)
    rows = json.loads(run("rates", tmp_path / "r.csv", "--levels", "segment,hour,person", "--json"))
    a, new = rows[1], rows[5]
    assert 0.4 < a["rate"] < 0.6 and new["weight"] == 0 and 0.2 < new["rate"] < a["rate"]
    told = json.loads(run("rates", tmp_path / "r.csv", "--levels", "segment,hour,person", "--best", "hour", "--of", "person", "--json"))
    assert len(told) == 3 and told[0]["hour"] != told[1]["hour"]
    assert "experiencia propia" in run("rates", tmp_path / "r.csv", "--levels", "segment")


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
        (("train", "a.csv", "--target", "paid", "--at", "product"), "debe ser una fecha"),
        (("train", "a.csv", "--target", "paid", "--out", "no/card.json"), "No se pudo guardar en «card.json»"),
        (("explain", "card.json", "words.csv"), "«dpd» debe ser de números"),
        (("evaluate", "card.json", "all.csv", "--target", "paid"), "siempre el mismo"),
        (("rates", "rates.csv", "--levels", "segment", "--tried", "reached", "--reached", "tried"), "nunca mayor"),
        (("rates", "rates.csv", "--levels", "zeta"), "no tiene la columna «zeta»"),
    ],
)  # fmt: skip
def test_bad_input_is_told_what_and_how_to_mend(folder, arguments, said):
    (folder / "broken.parquet").write_bytes(b"PAR1 no")
    (folder / "words.csv").write_text("dpd,amount,product,has_phone\nmucho,1,card,true\n")
    (folder / "all.csv").write_text("dpd,amount,product,has_phone,paid\n3,1,card,true,1\n4,1,card,true,1\n")
    (folder / "rates.csv").write_text(RATES)
    with pytest.raises(Problem, match=said):
        run(*(folder / one if one.endswith((".csv", ".json", ".parquet")) else one for one in arguments))

"""Pairs of persons that may be one, by shared keys and similar names, in one query.

    id          the same national id, or one inside the other (a RUC that holds the DNI): 0.99, or 0.80 when the names differ
    half id     the first ten of RFC and CURP (name initials and birth date) and a similar name: 0.70 + 0.20 * likeness
    e-mail      the same mailbox and a similar name: 0.60 + 0.25 * likeness
    phone       the same line in any written form and a similar name: 0.55 + 0.25 * likeness

Several signs add up as independent ones: 1 - (1 - a) * (1 - b). Two different birth dates halve what is not an id.
Likeness is the better Jaro-Winkler likeness of the search keys, as written and with their words in order.
"""

from __future__ import annotations

from dataclasses import dataclass

import duckdb
import pyarrow as pa

from recaudo.kernel.problems import Problem

_TEXTS = pa.list_(pa.string())
_COLUMNS: dict[str, pa.DataType] = {
    "person_id": pa.string(), "search_key": pa.string(), "id_keys": _TEXTS, "weak_id_keys": _TEXTS, "phones": _TEXTS, "emails": _TEXTS,
    "birth_on": pa.date32(),
}  # fmt: skip


class MissingPersonColumn(Problem):
    code = "missing_person_column"
    message = "A la tabla de personas le falta la columna «{column}»."


@dataclass(frozen=True, slots=True)
class Candidates:
    """pairs     left, right (person ids, left < right), why_es, score 0 to 1; best first, then by ids
    crowded   sign ("id", "half_id", "email", "phone"), holders; keys left out because too many persons share them
    """

    pairs: pa.Table
    crowded: pa.Table


def duplicates(persons: pa.Table, *, min_score: float = 0.6, name_likeness: float = 0.88, most_holders: int = 20) -> Candidates:
    """Which persons may be the same.

    persons         person_id and search_key text, and, when there, id_keys, weak_id_keys, phones (all variants of each),
                    emails: lists of text; birth_on date
    min_score       pairs below it are left out
    name_likeness   from here on, 0 to 1, two names are similar
    most_holders    a key with more holders is crowded
    Raises          MissingPersonColumn
    """
    for column in ("person_id", "search_key"):
        if column not in persons.column_names:
            raise MissingPersonColumn(column=column)
    with duckdb.connect() as db:
        db.register("persons", _whole(persons))
        db.execute(_KEYS)
        db.execute("CREATE TABLE counted AS SELECT sign, key, count(*) AS holders FROM keys GROUP BY sign, key HAVING count(*) > 1")
        numbers = {"min_score": min_score, "likeness": name_likeness, "most": most_holders}
        pairs: pa.Table = db.sql(_PAIRS, params=numbers).to_arrow_table()
        crowded: pa.Table = db.sql(_CROWDED, params={"most": most_holders}).to_arrow_table()
    return Candidates(pairs, crowded)


def _whole(persons: pa.Table) -> pa.Table:
    columns = [persons.column(name).cast(kind) if name in persons.column_names else pa.nulls(persons.num_rows, kind) for name, kind in _COLUMNS.items()]
    return pa.table(columns, names=list(_COLUMNS))


_KEYS = """
CREATE TABLE keys AS
SELECT DISTINCT sign, key, person_id FROM (
    SELECT 'id' AS sign, unnest(id_keys) AS key, person_id FROM persons
    UNION ALL SELECT 'half_id', unnest(weak_id_keys), person_id FROM persons
    UNION ALL SELECT 'email', unnest(emails), person_id FROM persons
    UNION ALL SELECT 'phone', unnest(phones), person_id FROM persons
) WHERE key IS NOT NULL AND key <> ''
"""

_CROWDED = "SELECT sign, holders::INTEGER AS holders FROM counted WHERE holders > $most ORDER BY sign, holders DESC, key"

_PAIRS = """
WITH shared AS (
    SELECT DISTINCT a.person_id AS "left", b.person_id AS "right", sign
    FROM keys a JOIN keys b USING (sign, key) JOIN counted USING (sign, key)
    WHERE a.person_id < b.person_id AND holders <= $most
), compared AS (
    SELECT s."left", s."right", s.sign,
           CASE WHEN l.search_key IS NULL OR r.search_key IS NULL THEN 0.0 ELSE greatest(
               jaro_winkler_similarity(l.search_key, r.search_key),
               jaro_winkler_similarity(array_to_string(list_sort(string_split(l.search_key, ' ')), ' '),
                                       array_to_string(list_sort(string_split(r.search_key, ' ')), ' '))) END AS likeness,
           coalesce(l.birth_on <> r.birth_on, false) AS other_birth
    FROM shared s JOIN persons l ON l.person_id = s."left" JOIN persons r ON r.person_id = s."right"
), scored AS (
    SELECT *, likeness >= $likeness AS alike,
           CASE WHEN sign = 'id' THEN CASE WHEN likeness >= $likeness THEN 0.99 ELSE 0.80 END
                WHEN likeness < $likeness THEN 0.0
                ELSE CASE sign WHEN 'half_id' THEN 0.70 + 0.20 * likeness WHEN 'email' THEN 0.60 + 0.25 * likeness
                               ELSE 0.55 + 0.25 * likeness END * CASE WHEN other_birth THEN 0.5 ELSE 1.0 END END AS weight,
           CASE sign WHEN 'id' THEN 1 WHEN 'half_id' THEN 2 WHEN 'email' THEN 3 ELSE 4 END AS place,
           CASE sign WHEN 'id' THEN 'misma identificación' WHEN 'half_id' THEN 'mismas iniciales y fecha de nacimiento en su identificación'
                     WHEN 'email' THEN 'mismo correo' ELSE 'mismo teléfono' END AS sign_es
    FROM compared
), joined AS (
    SELECT "left", "right", 1 - product(1 - weight) AS score, string_agg(sign_es, ', ' ORDER BY place) FILTER (weight > 0) AS signs,
           bool_or(alike) AS alike, bool_or(other_birth) AS other_birth
    FROM scored GROUP BY "left", "right"
)
SELECT "left", "right",
       upper(signs[1]) || signs[2:] || CASE WHEN alike THEN ' y nombre parecido' ELSE ', pero nombre distinto: revise si hay un error de captura' END
           || CASE WHEN other_birth THEN '; fechas de nacimiento distintas' ELSE '' END || '.' AS why_es,
       round(score, 4) AS score
FROM joined WHERE score >= $min_score ORDER BY score DESC, "left", "right"
"""

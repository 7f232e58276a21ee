"""What the decision engine refuses, in Spanish: what, where and how to mend it."""

from __future__ import annotations

from recaudo.kernel.problems import Problem


class HostileXml(Problem):
    code = "dmn_hostile_xml"
    message = (
        "El archivo DMN trae una construcción XML no permitida ({what}). "
        "Expórtelo de nuevo desde el editor, sin DOCTYPE ni entidades."
    )


class UnreadableXml(Problem):
    code = "dmn_unreadable_xml"
    message = (
        "El archivo no es un DMN legible: {what}. Ábralo en el editor de tablas y guárdelo de nuevo como DMN 1.2 a 1.5."
    )


class TooLarge(Problem):
    code = "dmn_too_large"
    message = "El modelo excede el límite de {what}: {found} (máximo {limit}). Divídalo en varias tablas o modelos."
    status = 413


class InvalidModel(Problem):
    code = "dmn_invalid_model"
    message = "El modelo DMN no es válido en {where}: {what}. {remedy}"


class FeelSyntax(Problem):
    """position: 0-based offset in the text, for the editor."""

    code = "feel_syntax"
    message = (
        "La expresión «{text}» no se entiende en la posición {position}: {what}. "
        "Revise comillas, paréntesis y nombres de los datos."
    )


class NotCompilable(Problem):
    """Outside the profile that becomes one SQL statement. Never a slow path: the author has to mend it."""

    code = "dmn_not_compilable"
    message = "{where}: {what} no se puede ejecutar sobre toda la cartera. {remedy}"


class CyclicModel(Problem):
    code = "dmn_cyclic"
    message = "Las decisiones dependen unas de otras en círculo: {cycle}. Quite uno de esos requisitos."


class UnknownDecision(Problem):
    code = "dmn_unknown_decision"
    message = "El modelo no tiene la decisión «{decision}». Las que hay: {known}."
    status = 404


class UnknownRule(Problem):
    code = "dmn_unknown_rule"
    message = "La tabla «{decision}» no tiene la regla «{rule}». Actualice la página: otra persona pudo borrarla."
    status = 404


class UnknownColumn(Problem):
    code = "dmn_unknown_column"
    message = "La tabla «{decision}» no tiene la columna «{column}». Las que hay: {known}."
    status = 404


class MissingFacts(Problem):
    code = "dmn_missing_facts"
    message = (
        "A la tabla de datos le faltan columnas que la estrategia usa: {missing}. Agréguelas o ajuste la estrategia."
    )


class OutOfRange(Problem):
    code = "dmn_out_of_range"
    message = (
        "La corrida se detuvo: un dato o un cálculo no cabe en su tipo ({what}). No se publicó nada; "
        "revise los montos y tasas de la carga o redondee el cálculo con decimal(x, n)."
    )


class NotFinite(Problem):
    code = "dmn_not_finite"
    message = "La columna «{fact}» trae {count} valores que no son números finitos (NaN o infinito). Corrija la carga de datos."


class EnginesDiffer(Problem):
    code = "dmn_engines_differ"
    message = (
        "La corrida se detuvo: en {count} de {sample} cuentas revisadas el resultado masivo no coincide con el de referencia. "
        "No se publicó nada; avise a soporte con el identificador del modelo."
    )
    status = 500

"""Problems of a batch that does not add up: nothing of it is kept."""

from __future__ import annotations

from recaudo.kernel.problems import Problem


class Mismatch(Problem):
    code = "ledger_mismatch"
    message = "La carga no se aplicó: {count} cuentas no cuadrarían con sus movimientos. No se cambió nada; avise a soporte."
    status = 500


class TotalsDiffer(Problem):
    code = "totals_differ"
    message = "La carga no se aplicó: en {currency} el archivo suma {source} y lo aplicado {applied}. No se cambió nada; avise a soporte."
    status = 500

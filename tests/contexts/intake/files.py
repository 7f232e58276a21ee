"""Rows of the stories, and the mapping that reads them."""

from __future__ import annotations

CARDS = {
    "number": "Cuenta", "holder_name": "Cliente", "holder_id": "RFC", "balance": "Saldo", "overdue": "Vencido", "dpd": "Dias",
    "next_due_on": "Proximo", "next_amount": "Minimo", "phone_1": "Celular", "email_1": "Correo", "street": "Direccion",
    "municipality": "Municipio", "subdivision": "Estado", "opened_on": "Apertura", "holder_birth_on": "Nacimiento", "extra": {"columns": ["Gestor"]},
}  # fmt: skip
TITLES = "Cuenta,Cliente,RFC,Saldo,Vencido,Dias,Proximo,Minimo,Celular,Correo,Direccion,Municipio,Estado,Apertura,Nacimiento,Gestor"
ROSA = 'T-1,ROSA DIAZ PEÑA,GODE561231GR8,"12,500.50","2,500.00",40,05/12/2026,800.00,55 1234 9876,rosa@correo.mx,"Av. Juárez 12",Cuauhtémoc,CMX,01/02/2020,31/12/1956,Norte'
HUGO = "T-2,Hugo Marín Sol,,900.00,0,0,10/12/2026,90.00,5587651234,hugo@correo.mx,,Monterrey,NLE,15/03/2021,,Sur"


def csv(*rows: str, titles: str = TITLES) -> str:
    return "\n".join([titles, *rows]) + "\n"

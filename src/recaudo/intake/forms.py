"""Forms of intake: an upload, and a mapping, parsed into what a service takes."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from django import forms

from recaudo.intake.derive import RULES
from recaudo.intake.fields import TARGETS, Field, fields_for
from recaudo.intake.models import Layout
from recaudo.intake.words import currency_choices
from recaudo.portfolio.models import Portfolio

CAN_BE_NEGATIVE = ("balance",)
OPTIONS = ("decimal", "date", "currency", "id_kind", "derive", "whatsapp", "header_row", "sheet", "encoding", "delimiter")


class UploadForm(forms.Form):
    file = forms.FileField(label="Archivo", help_text="CSV, Excel (.xlsx) o Parquet. Hasta lo que permita su organización.")
    layout = forms.ModelChoiceField(Layout.objects.none(), label="Formato", required=False, empty_label="Elegir después de ver las columnas")
    portfolio = forms.ModelChoiceField(Portfolio.objects.none(), label="Cartera", required=False, empty_label="La del formato o la del archivo")
    on = forms.DateField(label="Día de los datos", widget=forms.DateInput(attrs={"type": "date"}), help_text="Los saldos se toman antes de los pagos de ese día.")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["layout"].queryset = Layout.objects.filter(is_current=True).order_by("name")  # type: ignore[attr-defined]
        self.fields["layout"].label_from_instance = lambda layout: f"{layout.name} · {TARGETS[layout.target]}"  # type: ignore[attr-defined]
        self.fields["portfolio"].queryset = Portfolio.objects.filter(is_active=True).order_by("name")  # type: ignore[attr-defined]


class LayoutForm(forms.Form):
    """Name, kind of file and formats of a layout. The mapping itself is `mapping_of`."""

    name = forms.RegexField(r"^[\w\- ]{1,40}$", label="Nombre del formato", help_text="Con este nombre se guarda y se vuelve a usar.")
    target = forms.ChoiceField(choices=list(TARGETS.items()), label="Qué trae el archivo")
    portfolio = forms.ModelChoiceField(Portfolio.objects.none(), label="Cartera", required=False, empty_label="La que diga el archivo")
    decimal = forms.ChoiceField(choices=[(".", "1,234.50 (punto decimal)"), (",", "1.234,50 (coma decimal)")], label="Números")
    date = forms.ChoiceField(choices=[("dmy", "día/mes/año"), ("mdy", "mes/día/año"), ("ymd", "año-mes-día")], label="Fechas")
    currency = forms.ChoiceField(label="Moneda", required=False, help_text="De los importes, si el archivo no la dice en cada fila.")
    id_kind = forms.RegexField(r"^[A-Z]{1,12}$", label="Tipo de identificación", required=False, help_text="RFC, CURP, RUT, CC, NIT…; vacío: lo dice el número.")
    derive = forms.ChoiceField(choices=[("", "Ninguna"), *RULES.items()], label="Regla derivada", required=False)
    whatsapp = forms.ChoiceField(choices=[("first", "El primer celular también por WhatsApp"), ("no", "Sólo como teléfono")], label="WhatsApp", required=False)
    header_row = forms.IntegerField(label="Fila de los títulos", min_value=1, max_value=200, required=False, initial=1)
    sheet = forms.CharField(label="Hoja", max_length=60, required=False, help_text="De Excel; vacío: la primera.")
    encoding = forms.ChoiceField(
        choices=[("", "Detectar"), ("utf-8", "UTF-8"), ("cp1252", "Windows-1252"), ("latin-1", "Latin-1"), ("utf-16", "UTF-16")], label="Codificación", required=False
    )
    delimiter = forms.ChoiceField(
        choices=[("", "Detectar"), (",", "Coma"), (";", "Punto y coma"), ("\t", "Tabulador"), ("|", "Barra")], label="Separador", required=False
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["portfolio"].queryset = Portfolio.objects.filter(is_active=True).order_by("name")  # type: ignore[attr-defined]
        # A saved layout keeps its currency also when no portfolio has it any more.
        own = {*Portfolio.objects.values_list("currency", flat=True), self["currency"].value() or ""}
        self.fields["currency"].choices = currency_choices(own)  # type: ignore[attr-defined]

    def options(self) -> dict[str, Any]:
        """What `save_layout` takes as options: only what was said."""
        data = self.cleaned_data
        return {name: data[name] for name in OPTIONS if data.get(name) not in (None, "") and not (name == "header_row" and data[name] == 1)}


def mapping_of(data: Any, target: str) -> dict[str, Any]:
    """The mapping typed on the screen: `col-<field>`, `def-<field>`, `neg-<field>`; `extra` is "*" or titles."""
    mapping: dict[str, Any] = {}
    for field in fields_for(target):
        if field.name == "extra":
            continue
        column, default = data.get(f"col-{field.name}", "").strip()[:200], data.get(f"def-{field.name}", "").strip()[:120]
        if not column and not default:
            continue
        spec: dict[str, Any] = {}
        if column:
            spec["column"] = column
        if default:
            spec["default"] = default
        if field.name in CAN_BE_NEGATIVE and data.get(f"neg-{field.name}"):
            spec["negative"] = "accept"
        mapping[field.name] = spec
    extra = data.get("extra", "").strip()
    if extra:
        mapping["extra"] = {"columns": "*" if extra == "*" else [title.strip() for title in extra.split("|") if title.strip()]}
    return mapping


def mapping_rows(target: str, mapping: dict[str, Any]) -> list[tuple[str, list[dict[str, Any]], int]]:
    """For the screen: (group, its fields with what is mapped, how many are)."""
    groups: dict[str, list[dict[str, Any]]] = {}
    for field in fields_for(target):
        if field.name != "extra":
            groups.setdefault(field.group, []).append(_row(field, mapping.get(field.name)))
    return [(group, rows, sum(bool(row["column"] or row["default"]) for row in rows)) for group, rows in groups.items()]


def extra_text(mapping: dict[str, Any]) -> str:
    columns = (mapping.get("extra") or {}).get("columns", [])
    return "*" if columns == "*" else " | ".join(columns)


def unused(columns: Iterable[str], mapping: dict[str, Any]) -> list[str]:
    """Titles of the file that feed nothing."""
    used = {spec if isinstance(spec, str) else spec.get("column") for name, spec in mapping.items() if name != "extra"}
    return [column for column in columns if column not in used]


def _row(field: Field, spec: Any) -> dict[str, Any]:
    spec = {"column": spec} if isinstance(spec, str) else (spec or {})
    return {
        "field": field, "column": spec.get("column", ""), "default": spec.get("default", ""), "is_negative_ok": spec.get("negative") == "accept",
        "may_be_negative": field.name in CAN_BE_NEGATIVE,
    }  # fmt: skip

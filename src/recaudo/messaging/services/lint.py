"""What is wrong with a template before anybody approves it: plain sentences, none = it may go to approval."""

from __future__ import annotations

import re
import unicodedata

from recaudo.messaging.services.rendering import EXAMPLE, FIELDS, render, stray_braces, used

# Every message lets the person stop the channel, and pay without asking how.
REQUIRED = {
    "enlace_baja": "el enlace para no recibir más mensajes",
    "referencia": "la referencia de pago",
    "como_pagar": "cómo y dónde pagar",
    "acreedor": "a quién se le debe",
}
# Words with which a message would look judicial or threaten; the lawbook forbids both wherever we work.
FORBIDDEN = re.compile(
    r"\b(embarg\w*|demanda\w*|juzgado\w*|juicio\w*|actuari\w*|carcel|prision|denuncia\w*|penal\w*|orden judicial|"
    r"ultimo aviso|ultima oportunidad|lista negra)\b"
)
LIMITS = {"sms": 670, "im": 1_600, "email": 10_000}
SUBJECT_LIMIT = 120


def lint(*, channel: str, subject: str, body: str) -> list[str]:
    """Spanish sentences that say what to mend, in the order in which a person would read them."""
    found = []
    if channel not in LIMITS:
        return [f"El canal «{channel}» no lleva plantillas."]
    if not body.strip():
        return ["Escriba el texto."]
    names = [*used(subject), *used(body)]
    found += [f"El campo «{{{name}}}» no existe." for name in dict.fromkeys(names) if name not in FIELDS]
    if stray_braces(subject) or stray_braces(body):
        found.append("Hay llaves sueltas: los campos se escriben así: {nombre}.")
    found += [f"Falta {{{name}}}: {why}." for name, why in REQUIRED.items() if name not in used(body)]
    if channel == "email" and not subject.strip():
        found.append("Un correo necesita asunto.")
    if channel != "email" and subject.strip():
        found.append("Sólo los correos llevan asunto.")
    found += [f"«{word}» parece judicial o amenaza: dígalo de otra forma." for word in _forbidden(f"{subject}\n{body}")]
    if any(name in names for name in ("saldo", "saldo_total")) and "hoy" not in names:
        found.append("Si dice un saldo, diga a qué fecha: agregue {hoy}.")
    size = len(render(body, EXAMPLE))
    if size > LIMITS[channel]:
        found.append(f"El texto es largo: {size} caracteres con un ejemplo; caben {LIMITS[channel]}.")
    if len(subject) > SUBJECT_LIMIT:
        found.append(f"El asunto pasa de {SUBJECT_LIMIT} caracteres.")
    return found


def _forbidden(text: str) -> list[str]:
    flat = "".join(c for c in unicodedata.normalize("NFKD", text.lower()) if not unicodedata.combining(c))
    return list(dict.fromkeys(match.group(0) for match in FORBIDDEN.finditer(flat)))

"""The Spanish names of this context's codes, once."""

from __future__ import annotations

# status of a message: name and tone of its chip
MESSAGE_ES: dict[str, tuple[str, str]] = {
    "queued": ("Espera otro intento", "info"), "leased": ("En cola", "info"), "in_flight": ("Saliendo", "info"), "sent": ("Enviado", "info"),
    "delivered": ("Entregado", "ok"), "read": ("Leído", "ok"), "failed": ("No llegó", "bad"), "blocked": ("Negado por norma", "warn"),
    "cancelled": ("Cancelado", "muted"), "expired": ("Venció sin salir", "muted"), "unknown": ("No se sabe si salió", "warn"),
    "received": ("Por atender", "warn"), "attended": ("Atendida", "ok"),
}  # fmt: skip

# what an inbound message said
SAID_ES: dict[str, tuple[str, str]] = {
    "DG08": ("Pidió la baja", "bad"), "DG10": ("Dice que no es la persona", "bad"), "DG05": ("Respondió", "info"),
    "payment_claim": ("Dice que ya pagó", "warn"), "dispute": ("No reconoce la deuda", "bad"), "callback": ("Pide que le llamen", "warn"),
    "human": ("Pide hablar con una persona", "warn"),
}  # fmt: skip

WAVE_ES: dict[str, tuple[str, str]] = {
    "awaiting_release": ("Espera liberación", "warn"), "released": ("Liberado", "ok"), "withdrawn": ("Retirado", "muted"),
}  # fmt: skip

TEMPLATE_TONE: dict[str, str] = {"draft": "muted", "submitted": "warn", "approved": "ok", "retired": "muted"}

"""The texts that come with the product: courteous, true, and with a way to pay and a way to stop. A tenant may write its own."""

from __future__ import annotations

from dataclasses import dataclass

_FOOT = (
    "\n\nCómo pagar: {como_pagar}\nReferencia: {referencia}\n\n{aviso_legal}\nQuejas y aclaraciones: {quejas}\n"
    "¿No es usted, o no desea recibir mensajes por este medio? {enlace_baja}\n\n{agente}\n{organizacion}\n{contacto}"
)


@dataclass(frozen=True, slots=True)
class Default:
    """A template of the product."""

    code: str
    channel: str
    name: str
    body: str
    subject: str = ""


def _three(code: str, name: str, subject: str, letter: str, short: str) -> list[Default]:
    """The same notice as e-mail, SMS and WhatsApp."""
    stop = " Su {producto} {cuenta}. Cómo pagar: {como_pagar} Ref. {referencia}. {aviso_legal} {organizacion}. No soy yo o baja: {enlace_baja}"
    return [
        Default(code, "email", name, letter + _FOOT, subject),
        Default(code, "sms", name, short + stop),
        Default(code, "im", name, letter + "\n\n" + _FOOT.strip()),
    ]


TEMPLATES: list[Default] = [
    *_three(
        "recordatorio_previo", "Recordatorio antes del vencimiento", "Su pago a {acreedor} vence el {vence}",
        "Hola, {nombre}:\nLe recordamos que el próximo pago de su {producto} terminada en {cuenta} con {acreedor} vence el {vence}."
        "\n\nSi ya lo programó, no hace falta que haga nada más.",
        "{acreedor}: su pago vence el {vence}.",
    ),
    *_three(
        "recordatorio_dia1", "Primer día de atraso", "Su pago a {acreedor} venció",
        "Hola, {nombre}:\nA {hoy} no vemos el pago de su {producto} terminada en {cuenta} con {acreedor}, por {saldo}."
        "\n\nSi ya pagó, gracias: puede ignorar este mensaje. Si se le pasó, hoy es un buen día para ponerse al corriente.",
        "{acreedor}: a {hoy} su saldo vencido es {saldo}. Si ya pagó, gracias.",
    ),
    *_three(
        "aviso_mora_temprana", "Atraso temprano", "Tiene un saldo vencido con {acreedor}",
        "Hola, {nombre}:\nSu {producto} terminada en {cuenta} con {acreedor} tiene {saldo} vencidos, calculados a {hoy}."
        "\n\nPagar ahora evita que la deuda crezca. Si necesita acordar una fecha, respóndanos y la vemos con usted.",
        "{acreedor}: saldo vencido {saldo} a {hoy}. Responda para acordar una fecha.",
    ),
    *_three(
        "aviso_mora_media", "Atraso medio", "Busquemos cómo regularizar su cuenta con {acreedor}",
        "Hola, {nombre}:\nSu {producto} terminada en {cuenta} con {acreedor} lleva {dias} días de atraso y tiene {saldo} vencidos a {hoy}."
        "\n\nHay opciones: pagar una parte, acordar fechas o revisar su caso. Escríbanos y le atiende una persona.",
        "{acreedor}: {dias} días de atraso, {saldo} a {hoy}. Hay opciones: responda y le atendemos.",
    ),
    *_three(
        "aviso_mora_tardia", "Atraso tardío", "Su cuenta con {acreedor} necesita atención",
        "Hola, {nombre}:\nSu {producto} terminada en {cuenta} con {acreedor} lleva {dias} días de atraso. Lo vencido a {hoy} es {saldo}, "
        "de un saldo total de {saldo_total}.\n\nQueremos encontrar con usted una salida que pueda cumplir. Escríbanos.",
        "{acreedor}: {dias} días de atraso, {saldo} a {hoy}. Busquemos una salida: responda.",
    ),
    *_three(
        "invitacion_convenio", "Invitación a un convenio", "Una salida para su deuda con {acreedor}",
        "Hola, {nombre}:\nPuede terminar su deuda con {acreedor} ({producto} terminada en {cuenta}, {saldo_total} a {hoy}) con un convenio."
        "\n\nRespóndanos y le presentamos por escrito las condiciones, sin compromiso.",
        "{acreedor}: hay un convenio posible para su cuenta. Responda y le enviamos las condiciones.",
    ),
    *_three(
        "recordatorio_promesa", "Recordatorio de promesa", "Su compromiso de pago con {acreedor}",
        "Hola, {nombre}:\nLe recordamos su compromiso de pagar {promesa_monto} de su {producto} terminada en {cuenta} a {acreedor} el {promesa_fecha}."
        "\n\nSi algo cambió, avísenos antes de esa fecha y lo revisamos.",
        "{acreedor}: le recordamos su pago de {promesa_monto} el {promesa_fecha}.",
    ),
    *_three(
        "estado_factura", "Estado de facturas", "Facturas pendientes con {acreedor}",
        "Estimado equipo de {nombre}:\nA {hoy} la {producto} {cuenta} de {acreedor} tiene {saldo} vencidos; venció el {vence}."
        "\n\nSi falta algún documento o la factura tiene una observación, respóndanos para resolverla.",
        "{acreedor}: factura {cuenta}, {saldo} vencidos a {hoy}. ¿Falta algún documento? Responda.",
    ),
]

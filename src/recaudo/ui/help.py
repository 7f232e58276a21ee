"""What the help page says: what one can do, in the order of a working day, and the trade's words.

Each topic names the page where it is done and the permission that opens it: people read about what they may do.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Topic:
    """A question and its answer. `name`: URL name of the page, `permission` as in ui.access; both empty: for everybody."""

    title: str
    text: str
    name: str = ""
    permission: str = ""


@dataclass(frozen=True, slots=True)
class Section:
    title: str
    icon: str
    topics: tuple[Topic, ...]


SECTIONS: tuple[Section, ...] = (
    Section("Atender cuentas", "headset", (
        Topic("¿Cómo tomo la siguiente cuenta?",
              "En «Mi cola» elija «Siguiente» (tecla n). La cuenta queda reservada para usted por unos minutos; si no la "
              "termina, vuelve a la cola.", "desk:queue", "work.take"),
        Topic("¿Por qué no puedo contactar a esta persona ahora?",
              "Cada contacto pide permiso a las normas: horario, días inhábiles, número de contactos, consentimiento y "
              "suspensiones. La pantalla dice qué norma lo negó y desde cuándo se puede.", "desk:accounts", "portfolio.view"),
        Topic("¿Cómo registro una promesa?",
              "En el resultado de la gestión elija la promesa y anote monto, fecha y medio. Hay una promesa activa por cuenta; "
              "el pago la cumple y su falta la incumple, sin que nadie lo anote.", "desk:queue", "promise.record"),
        Topic("¿Dónde veo lo que prometí hacer?", "En «Mi agenda» están sus llamadas agendadas y las promesas por vencer.",
              "desk:agenda", "work.take"),
    )),
    Section("Dirigir la jornada", "home", (
        Topic("¿Qué se decidió hoy y por qué?",
              "«Hoy» resume la jornada: cuentas por tramo, decisiones por tratamiento, contactos negados por norma y trabajo "
              "por canal. Desde cualquier cuenta se ve la fila de la estrategia que la decidió.", "today", "day.view"),
        Topic("¿Cómo libero un envío?",
              "Quien lo preparó no puede liberarlo. Revíselo en «Envíos» y libérelo o retírelo; la norma se vuelve a "
              "comprobar al enviar cada mensaje.", "messaging:waves", "day.release"),
        Topic("¿Cómo detengo todo contacto?",
              "«Pausar contacto», en «Envíos», detiene en el acto llamadas y mensajes que aún no salen. Se reanuda desde el mismo "
              "lugar y queda en la bitácora.", "messaging:waves", "contact.pause"),
        Topic("¿Cómo reparto el trabajo?", "En «Equipo en turno» vea la carga de cada persona y reasigne cuentas.", "desk:team", "work.assign"),
        Topic("¿Cómo digo cuánto podemos hacer?", "La capacidad por canal y día limita lo que la jornada planea.",
              "workforce:capacity", "user.view|work.assign|setting.edit"),
    )),
    Section("Datos", "upload", (
        Topic("¿Cómo cargo una cartera?",
              "Suba el archivo (CSV, Excel o Parquet), elija o arme su formato, revise la vista previa y aplique. Las filas con "
              "error se descargan con el motivo al lado; repetir el mismo archivo no cambia nada.", "intake:batches", "intake.load"),
        Topic("¿Y si me equivoqué de archivo?", "Una carga aplicada se deshace desde su página, mientras otra no dependa de ella.",
              "intake:batches", "intake.undo"),
        Topic("¿Qué hago con un pago sin referencia?",
              "Queda entre los no identificados. Búsquele su cuenta y asígnelo: se detiene en el acto el trabajo que sobra.",
              "portfolio:payments", "payment.record"),
    )),
    Section("Decidir", "git-branch", (
        Topic("¿Cómo cambio la estrategia?",
              "Edite un borrador de la tabla y envíelo a aprobación: otra persona lo aprueba y entra en vigor como una versión "
              "nueva. Las anteriores se conservan.", "strategy:strategies", "strategy.view"),
        Topic("¿De dónde salen las normas?",
              "Cada regla cita su fuente y su vigencia. La organización sólo elige entre opciones que la ley permite, con dos "
              "personas.", "law:rules", "law.view"),
        Topic("¿Qué mide cada indicador?", "Cada cifra tiene su definición a un clic. Si faltan datos, lo dice.", "analytics:kpis", "kpi.view"),
    )),
    Section("Administrar", "settings", (
        Topic("¿Cómo sumo a una persona?",
              "Invítela con sus roles; recibe un enlace que vale siete días y una sola vez.", "workforce:users", "user.edit"),
        Topic("¿Quién hizo qué?", "La bitácora guarda todo cambio, sellado en cadena. «Verificar la cadena» dice si alguien la alteró.",
              "journal:events", "journal.view"),
        Topic("¿A qué hora empieza la jornada?", "A la de «Ajustes», en el reloj de la organización. Vacía, sólo cuando alguien la ejecuta.",
              "workforce:settings", "setting.edit"),
        Topic("¿Hay guías más largas?",
              "Una por oficio, con pantallas, en la carpeta «docs/guide» del proyecto: supervisor, agente, estratega, back office y "
              "administrador."),
        Topic("¿Cómo protejo mi cuenta?", "Active el segundo paso y, si pierde un equipo, cierre todas sus sesiones.", "workforce:me"),
    )),
)  # fmt: skip

WORDS: tuple[tuple[str, str], ...] = (
    ("Gestión", "Un contacto, hecho o por hacer, por cualquier canal."),
    ("Contacto directo", "Se habló con la persona que debe, o con quien la representa."),
    ("Promesa", "Lo que una persona ofrece pagar, cuánto y cuándo."),
    ("Tramo", "El grupo de una cuenta por sus días de atraso."),
    ("Tratamiento", "Lo que la estrategia decide hacer hoy con una cuenta."),
    ("Permiso", "Lo que la norma concede para un contacto, en un momento, por un medio."),
    ("Suspensión", "Una razón para no contactar: aclaración, trámite, salud u otra."),
    ("Despacho", "Una firma externa que trabaja cuentas por un tiempo y ve sólo las suyas."),
)

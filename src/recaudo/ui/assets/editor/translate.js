/* The words of the table editor in Spanish. What is missing is kept in `untranslated`, which a test reads. */
const WORDS = {
  "{ sample }": "{ sample }", "e.g. { sample }": "por ejemplo { sample }", "e.g. { example } ": "por ejemplo { example } ",
  "Use today": "Usar hoy", "Use now": "Usar ahora", "Test type": "Tipo de condición", And: "y", "Add input": "Agregar condición",
  Value: "Valor", "Start value": "Desde", "End value": "Hasta", "Set value": "Poner valor", "Predefined values": "Valores previstos",
  "Output name": "Nombre del resultado", Input: "Condición", Output: "Resultado", "Expression language": "Lenguaje", "Expression language:": "Lenguaje:",
  "Expression language: {expressionLanguageLabel}": "Lenguaje: {expressionLanguageLabel}", Exactly: "Exactamente", Between: "Entre", Before: "Antes de",
  After: "Después de", When: "Si", Then: "Entonces", "View DRD": "Ver el diagrama", "Variable type:": "Tipo:", "Variable name:": "Nombre:",
  "Variable type": "Tipo", "Variable name": "Nombre", "Strings must be in double quotes": "Los textos van entre comillas dobles", "Set time": "Poner la hora",
  "Set date": "Poner el día", "Set date and time": "Poner día y hora", Range: "Intervalo", "Output values": "Valores del resultado", "Output type": "Tipo del resultado",
  "Output label": "Título del resultado", Less: "Menor que", "Less or equals": "Menor o igual", "Input values": "Valores de la condición", "Input type": "Tipo de la condición",
  "Input label: ": "Título: ", "Input expression: ": "Dato: ", "Input label": "Título", "Input expression": "Dato o expresión", "Hit policy:": "Política:", "Hit policy": "Política",
  Include: "Incluir", Exclude: "Excluir", Greater: "Mayor que", "Greater or equals": "Mayor o igual", Equals: "Igual a", "Edit time": "Cambiar la hora",
  "Edit number": "Cambiar el número", "Edit duration": "Cambiar la duración", "Edit date": "Cambiar el día", "Edit date and time": "Cambiar día y hora",
  "Duration value": "Duración", "Decision name: ": "Tabla: ", "Decision name": "Tabla", Comparison: "Comparación", "Comparison operator": "Comparación", name: "nombre",
  Yes: "Sí", No: "No", Values: "Valores", Type: "Tipo", Time: "Hora", "Time value": "Hora", "String value": "Texto", "Start time": "Desde la hora",
  "Start date": "Desde el día", "Start date and time": "Desde", "Set duration": "Poner la duración", Resize: "Cambiar el ancho", "Remove rule": "Borrar la fila",
  "Remove output column": "Borrar la columna de resultado", "Remove input column": "Borrar la columna de condición", "Remove cell description": "Borrar la nota de la celda",
  "Range start value": "Desde", "Range start operator": "Desde, con el extremo o sin él", "Range end value": "Hasta", "Range end operator": "Hasta, con el extremo o sin él",
  "Paste rule below": "Pegar fila abajo", "Paste rule above": "Pegar fila arriba", "Paste output column right": "Pegar resultado a la derecha",
  "Paste output column left": "Pegar resultado a la izquierda", "Paste input column right": "Pegar condición a la derecha", "Paste input column left": "Pegar condición a la izquierda",
  "Output name: ": "Nombre: ", "Output label: ": "Título: ", "No values": "Sin valores", "Move rule": "Mover la fila", "Match one": "Uno de ellos", "Match none": "Ninguno de ellos",
  "Literal expression editor": "Fórmula", Expression: "Expresión", "Enter expression": "Escriba la expresión", "End time": "Hasta la hora", "End date": "Hasta el día",
  "End date and time": "Hasta", "Editing not supported for set expression language": "No se puede editar en este lenguaje", Edit: "Editar", "Edit string": "Cambiar el texto",
  "Edit start time": "Cambiar desde", "Edit start date": "Cambiar desde", "Edit start date and time": "Cambiar desde", "Edit end time": "Cambiar hasta", "Edit end date": "Cambiar hasta",
  "Edit end date and time": "Cambiar hasta", "Edit output": "Cambiar el resultado", "Edit input": "Cambiar la condición", "Edit boolean": "Cambiar sí o no", "Boolean value": "Sí o no",
  Date: "Día", "Date value": "Día", "Date and time": "Día y hora", "Date and time value": "Día y hora", "Cut rule": "Cortar la fila", "Cut output column": "Cortar el resultado",
  "Cut input column": "Cortar la condición", "Custom values": "Otros valores", "Copy rule": "Copiar la fila", "Copy output column": "Copiar el resultado", "Copy input column": "Copiar la condición",
  "Clear predefined values": "Quitar los valores previstos", "Change cell expression language": "Cambiar el lenguaje de la celda", Annotations: "Motivo", Annotation: "Motivo",
  "Add values": "Agregar valores", "Add rule": "Agregar fila", "Add rule below": "Agregar fila abajo", "Add rule above": "Agregar fila arriba", "Add predefined values": "Agregar valores previstos",
  "Add output": "Agregar resultado", "Add output column right": "Agregar resultado a la derecha", "Add output column left": "Agregar resultado a la izquierda",
  "Add input column right": "Agregar condición a la derecha", "Add input column left": "Agregar condición a la izquierda", "Add cell description": "Agregar nota a la celda",
  Unique: "Única", First: "Primera", Priority: "Prioridad", Any: "Cualquiera", Collect: "Todas", "Collect (Sum)": "Todas, suma", "Collect (Min)": "Todas, mínimo",
  "Collect (Max)": "Todas, máximo", "Collect (Count)": "Todas, cuántas", "Rule order": "Todas, en orden", "Output order": "Todas, por prioridad",
  "No overlap is possible and all rules are disjoint. Only a single rule can be matched": "Sólo una fila puede cumplirse; si se cumplen dos, la tabla no decide",
  "Rules may overlap. The first matching rule will be chosen": "Decide la primera fila que se cumple",
  "Rules may overlap. The one with the highest priority will be chosen": "Gana el resultado de mayor prioridad",
  "Rules may overlap. Their output have to match": "Pueden cumplirse varias, si dan lo mismo",
  "Collects the values of all matching rules": "Da los resultados de todas las filas que se cumplen",
  "Collects the values of all matching rules and sums up to a single value": "Suma los resultados de las filas que se cumplen",
  "Collects the values of all matching rules and uses the lowest value": "El menor resultado de las filas que se cumplen",
  "Collects the values of all matching rules and uses the highest value": "El mayor resultado de las filas que se cumplen",
  "Collects the values of all matching rules and counts the number of them": "Cuántas filas se cumplen",
  "Collects the values of all matching rules in rule order": "Los resultados de las filas que se cumplen, en su orden",
  "Collects the values of all matching rules in decreasing output priority order": "Los resultados de las filas que se cumplen, por prioridad",
  string: "texto", boolean: "sí o no", number: "número", date: "fecha", time: "hora", dateTime: "fecha y hora", dayTimeDuration: "duración en días", yearMonthDuration: "duración en meses",
  integer: "entero", long: "entero", double: "número", "-": "-", '"value", "value", ...': '"valor", "valor", ...', "Remove item": "Quitar",
  "Date must match pattern yyyy-MM-dd": "Escriba el día como aaaa-mm-dd", "Date must match pattern yyyy-MM-ddTHH:mm:ss": "Escriba día y hora como aaaa-mm-ddThh:mm:ss",
  "Date and time must match pattern yyyy-MM-ddTHH:mm:ss[time zone]": "Escriba día y hora como aaaa-mm-ddThh:mm:ss", "Time must match pattern hh:mm:ss[time zone]": "Escriba la hora como hh:mm:ss",
  "Must match PnYnM": "Escriba la duración como PnYnM", "Must match PnDTnHnMnS": "Escriba la duración como PnDTnHnMnS",
};

export const untranslated = new Set();

export function translate(template, values = {}) {
  if (!(template in WORDS) && /[a-zA-Z]{2}/.test(template)) untranslated.add(template);
  return (WORDS[template] ?? template).replace(/{\s*([^}\s]+)\s*}/g, (_, key) => values[key] ?? `{${key}}`);
}

/* The reading view of dmn-js writes the table and the type of a column as the file has them: this names them on the page that is shown. */
export function nameParts(board, table) {
  const title = board.querySelector(".decision-table-name, .decision-name");
  if (title && table) title.textContent = table;
  for (const node of board.querySelectorAll(".input-variable, .output-variable")) node.textContent = WORDS[node.textContent] ?? node.textContent;
}

export const translateModule = { translate: ["value", translate] };

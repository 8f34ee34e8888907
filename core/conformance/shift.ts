// Requests and answers of a server that has been used, as on an empty one, and the other way
// round: all that is a revision is shifted.

/** Revisions by their names, in requests and answers alike. What is not positive means something
 *  else than a revision. */
const REVISIONS: readonly string[] = [
  "revision",
  "startRevision",
  "minModRevision",
  "maxModRevision",
  "minCreateRevision",
  "maxCreateRevision",
  "createRevision",
  "modRevision",
  "compactRevision",
  "hashRevision",
];

export function shifted<T>(value: T, by: number): T {
  return by === 0 ? value : (shift(value, by) as T);
}

function shift(value: unknown, by: number): unknown {
  if (Array.isArray(value)) return value.map((item) => shift(item, by));
  if (typeof value !== "object" || value === null || value instanceof Uint8Array) return value;
  const fields = Object.entries(value);
  const isOperand = ["create", "mod"].includes((value as { kind?: string }).kind ?? "");
  return Object.fromEntries(
    fields.map(([name, field]) => {
      const isRevision = REVISIONS.includes(name) || (isOperand && name === "operand");
      return [name, isRevision ? shiftNumber(field, by) : shift(field, by)];
    }),
  );
}

function shiftNumber(value: unknown, by: number): unknown {
  const isOne = typeof value === "number" && value > 0 && Number.isSafeInteger(value + by);
  return isOne ? value + by : value;
}

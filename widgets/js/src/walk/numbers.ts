// Numbers inside matrices: as short as they can be said, `.5`, `−1.2`, `34`, `2e−4`.

/** One entry of a matrix, at most six characters. */
export function cell(value: number): string {
  if (Number.isNaN(value)) return "NaN";
  if (!Number.isFinite(value)) return value > 0 ? "∞" : "−∞";
  const size = Math.abs(value);
  if (size === 0) return "0";
  if (size < 0.0095 || size >= 99_995) return short(value);
  const digits = size < 9.995 ? 2 : size < 99.95 ? 1 : 0;
  return Number(value.toFixed(digits)).toString().replace("-", "−").replace(/^(−?)0\./, "$1.");
}

function short(value: number): string {
  const [mantissa, exponent] = value.toExponential(0).split("e");
  return `${mantissa}e${Number(exponent)}`.replaceAll("-", "−");
}

/** A number that somebody typed: `−.5`, `1/3`, `2,5`, `1e-3`. null: no number. */
export function typed(text: string): number | null {
  const plain = text.trim().replaceAll("−", "-").replace(/(\d),(\d)/, "$1.$2");
  const fraction = /^(-?[\d.]+)\s*\/\s*([\d.]+)$/.exec(plain);
  const value = fraction ? Number(fraction[1]) / Number(fraction[2]) : plain === "" ? Number.NaN : Number(plain);
  return Number.isFinite(value) ? value : null;
}

/** A shape that somebody typed: `2×3`, `(2, 3)`, `2 3`, `()`. null: no shape. */
export function typedShape(text: string): number[] | null {
  const inner = text.trim().replace(/^(?:torch\.Size)?[([]*\s*/i, "").replace(/[)\]]*$/, "").trim();
  if (inner === "") return text.trim() === "" ? null : [];
  const parts = inner.split(/\s*[×x*,]\s*|\s+/i).filter((part) => part !== "");
  return parts.every((part) => /^\d+$/.test(part)) ? parts.map(Number) : null;
}

// Numbers as the reader wants them: two significant figures, `−` for minus, thin space before a unit, nothing where nothing is known.

export const MINUS = "−";
export const THIN = "\u2009";

/** `0.041`, `19`, `3.1e−3`: two significant figures, plain between 0.01 and 1000. */
export function num(value: number): string {
  if (Number.isNaN(value)) return "NaN";
  if (!Number.isFinite(value)) return value > 0 ? "∞" : `${MINUS}∞`;
  if (value === 0) return "0";
  const size = Math.abs(value);
  if (size < 0.00995 || size >= 995) return sci(value);
  const digits = size < 0.0995 ? 3 : size < 0.995 ? 2 : size < 9.95 ? 1 : 0;
  return minus(Number(value.toPrecision(2)).toFixed(digits));
}

/** Always `3.0e−3`: the learning rate. */
export function sci(value: number): string {
  if (!Number.isFinite(value) || value === 0) return value === 0 ? "0" : num(value);
  const [mantissa, exponent] = value.toExponential(1).split("e");
  return minus(`${mantissa}e${Number(exponent)}`);
}

/** Three decimals where they say something, else as `num`. */
export function loss(value: number): string {
  const size = Math.abs(value);
  if (!Number.isFinite(value) || size >= 1e5 || (size < 0.0095 && size > 0)) return num(value);
  return minus(size >= 1000 ? Math.round(value).toLocaleString("en-US") : value.toFixed(3));
}

/** `1,930` */
export function count(value: number): string {
  return minus(Math.round(value).toLocaleString("en-US"));
}

/** `1,840` above ten, `3.4` below, `0.25` below one. */
export function rate(value: number): string {
  return value >= 10 ? count(value) : value.toFixed(value >= 1 ? 1 : 2);
}

/** `0:42`, `1:02:03` */
export function time(seconds: number): string {
  const whole = Math.max(0, Math.floor(seconds));
  const two = (n: number): string => String(n).padStart(2, "0");
  const [hours, minutes, rest] = [Math.floor(whole / 3600), Math.floor(whole / 60) % 60, whole % 60];
  return hours > 0 ? `${hours}:${two(minutes)}:${two(rest)}` : `${minutes}:${two(rest)}`;
}

/** How long something took: `0.6 s`, from ten seconds on `0:42`. */
export function span(seconds: number): string {
  return seconds < 9.95 ? `${num(Math.max(seconds, 0))}${THIN}s` : time(seconds);
}

/** `64×120`, `()` for a scalar. */
export function shape(sizes: readonly number[]): string {
  return sizes.length === 0 ? "()" : sizes.join("×");
}

/** `30 KB` */
export function bytes(value: number): string {
  const units = ["B", "KB", "MB", "GB", "TB"];
  let unit = 0;
  while (value >= 999.5 && unit < units.length - 1) { value /= 1024; unit++; }
  return `${value < 9.95 && unit > 0 ? value.toFixed(1) : Math.round(value)}${THIN}${units[unit]}`;
}

/** `11 µs`, `1.2 ms`, `3.0 s` */
export function micros(value: number): string {
  const [scaled, unit] = value < 999.5 ? [value, "µs"] : value < 999_500 ? [value / 1e3, "ms"] : [value / 1e6, "s"];
  return `${scaled < 9.95 ? scaled.toFixed(1) : Math.round(scaled)}${THIN}${unit}`;
}

/** `1 parameter`, `32 parameters` */
export function plural(n: number, word: string): string {
  return `${count(n)} ${word}${n === 1 ? "" : "s"}`;
}

/** `+3 −1 ~2`, only what there is: added, removed, changed. */
export function changes(added: number, removed: number, changed: number): string {
  return [added && `+${added}`, removed && `${MINUS}${removed}`, changed && `~${changed}`].filter(Boolean).join(" ");
}

/** The same text with `-` for `−` and plain spaces: for what is copied and for value texts. */
export function plain(text: string): string {
  return text.replaceAll(MINUS, "-").replaceAll(THIN, " ");
}

function minus(text: string): string {
  return text.replaceAll("-", MINUS);
}

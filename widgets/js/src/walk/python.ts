// A line of Python in the colours of the notebook's own editor. Only what a line shows by itself: no strings over several lines.

type Kind = "k" | "s" | "c" | "n" | "m" | "";
interface Piece { text: string; kind: Kind; from: number }

const KEYWORDS = "and as assert async await break class continue def del elif else except False finally for from global if import in is lambda None nonlocal not or pass raise return True try while with yield";
const TOKEN = new RegExp(`(?<c>#.*$)|(?<s>[rbfu]{0,2}(?:"(?:[^"\\\\]|\\\\.)*"?|'(?:[^'\\\\]|\\\\.)*'?))|(?<n>\\b(?:0[xob][\\da-f_]+|\\d[\\d_]*\\.?\\d*(?:e[+-]?\\d+)?j?)\\b)|(?<k>\\b(?:${KEYWORDS.replaceAll(" ", "|")})\\b)`, "gi");

/** The line cut into pieces of one kind each. */
export function pieces(line: string): Piece[] {
  if (/^\s*%/.test(line)) return [{ text: line, kind: "m", from: 0 }];
  const out: Piece[] = [];
  let at = 0;
  for (const match of line.matchAll(TOKEN)) {
    const groups = match.groups as Record<string, string | undefined>;
    const kind = (["c", "s", "n", "k"] as const).find((name) => groups[name] !== undefined) ?? "";
    if (kind === "k" && !KEYWORDS.split(" ").includes(match[0])) continue; // `none`, `If`: names
    if (match.index > at) out.push({ text: line.slice(at, match.index), kind: "", from: at });
    out.push({ text: match[0], kind, from: match.index });
    at = match.index + match[0].length;
  }
  if (at < line.length || out.length === 0) out.push({ text: line.slice(at), kind: "", from: at });
  return out;
}

/** Cut pieces so that [from, to) begins and ends at a piece. */
export function cut(list: Piece[], from: number, to: number): (Piece & { inside: boolean })[] {
  const out: (Piece & { inside: boolean })[] = [];
  for (const piece of list) {
    const end = piece.from + piece.text.length;
    const bounds = [piece.from, ...[from, to].filter((at) => at > piece.from && at < end), end];
    for (let i = 0; i + 1 < bounds.length; i++) {
      if (bounds[i + 1] > bounds[i]) out.push({
        text: piece.text.slice(bounds[i] - piece.from, bounds[i + 1] - piece.from), kind: piece.kind, from: bounds[i],
        inside: bounds[i] >= from && bounds[i] < to,
      });
    }
  }
  return out;
}

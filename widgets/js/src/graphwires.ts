// How edges look: their way as a path, their width by the overlay, whether they are lit. Pure.
import type { Scene } from "./graphscene";
import type { Mark, Path } from "./marks";
import type { Stroke } from "./overlays";
import type { InkName } from "./theme";

const RADIUS = 5;
const LIT: Stroke = { ink: "brand", width: 2.5, dash: false, alpha: 1 };
const FAINT = 0.22;

/** Two points of different x are an S-curve; more are straight lines with round corners. */
export function wirePath(points: number[]): Path {
  const [x0, y0] = points;
  if (points.length === 4) {
    const [, , x1, y1] = points;
    if (x0 === x1) return ["M", x0, y0, "L", x1, y1];
    const middle = (y0 + y1) / 2;
    return ["M", x0, y0, "C", x0, middle, x1, middle, x1, y1];
  }
  const d: Path = ["M", x0, y0];
  const toward = (from: number, to: number): number => from + Math.max(-RADIUS, Math.min(RADIUS, to - from));
  for (let i = 2; i < points.length - 2; i += 2) {
    const [ax, ay, bx, by, cx, cy] = points.slice(i - 2, i + 4);
    d.push("L", toward(bx, ax), toward(by, ay), "Q", bx, by, toward(bx, cx), toward(by, cy));
  }
  d.push("L", points[points.length - 2], points[points.length - 1]);
  return d;
}

export function arrowPath(points: number[]): Path {
  const [x, y] = points.slice(-2);
  if (points[points.length - 3] === y && points[points.length - 4] > x) return ["M", x + 4.5, y - 3, "L", x + 4.5, y + 3, "L", x, y, "Z"]; // comes in from the right
  return ["M", x - 3, y - 4.5, "L", x + 3, y - 4.5, "L", x, y, "Z"];
}

interface Bundle { stroke: Stroke; paths: Path[] }
interface Heads { ink: InkName; alpha: number; wires: number[] }

/** Wires of the same look together, those of a lit trail last; arrow heads by their ink. */
export function bundle({ model, gauge, trail, found }: Scene, wires: readonly number[]): { strokes: Bundle[]; heads: Heads[] } {
  const strokes = new Map<Stroke, Path[]>();
  const dim = trail !== null || found !== null;
  const [plain, lit]: [Heads, Heads] = [{ ink: "ink-2", alpha: dim ? FAINT : 1, wires: [] }, { ink: "brand", alpha: 1, wires: [] }];
  const put = (stroke: Stroke, path: Path): void => {
    const known = strokes.get(stroke);
    if (known) known.push(path);
    else strokes.set(stroke, [path]);
  };
  for (const at of wires) {
    const [source, arrow, points] = model.picture.wires[at];
    const part = trail ? model.carriesTrail(at, trail) : "";
    put(part === "whole" ? LIT : gauge.stroke(source), model.wire(at));
    if (part === "trunk") put(LIT, wirePath(points.slice(0, -2)));
    if (arrow) (part === "whole" ? lit : plain).wires.push(at);
  }
  const order = ({ width }: Stroke, own: boolean): number => (own ? 100 : width);
  const bundles = [...strokes].sort(([a], [b]) => order(a, a === LIT) - order(b, b === LIT));
  return {
    strokes: bundles.map(([stroke, paths]) => ({ stroke: dim && stroke !== LIT ? { ...stroke, alpha: stroke.alpha * FAINT } : stroke, paths })),
    heads: [plain, lit].filter((one) => one.wires.length > 0),
  };
}

/** The same wires as marks, one a group. */
export function wireMarks(scene: Scene, wires: readonly number[]): Mark[] {
  const { strokes, heads } = bundle(scene, wires);
  return [
    ...strokes.map(({ stroke: { ink, width, dash, alpha }, paths }): Mark => ({ is: "path", d: paths.flat(), stroke: ink, line: width, dash, alpha })),
    ...heads.map(({ ink, alpha, wires: ends }): Mark => ({ is: "path", d: ends.flatMap((at) => arrowPath(scene.model.picture.wires[at][2])), fill: ink, alpha })),
  ];
}

// How large a block is drawn in the graph, and where each of its entries stands: numbers while they are few, small heat maps beyond.
import type { Block } from "./data";
import { cell } from "./numbers";

export interface Look {
  numbers: boolean;
  cw: number; // size of one entry
  ch: number;
  facets: number; // matrices drawn; of more, the first ones
  perRow: number;
  w: number;
  h: number;
  fw: number; // size of one matrix
  fh: number;
}

const MOST_NUMBERS = 36;
const MOST_FACETS = 4;
const FACET_GAP = 5;
const SKIP = 7; // room for the … where indices are left out
const HEAT = 9; // size of an entry in a heat map; smaller in a large one
const LARGEST = 84;

const skips = (indices: number[]): number => indices.reduce((sum, index, at) => sum + (at > 0 && index !== indices[at - 1] + 1 ? 1 : 0), 0);

/** Offset of entry `at` among `indices`, with room where indices are left out. */
export const offset = (indices: number[], at: number, size: number): number => at * size + SKIP * skips(indices.slice(0, at + 1));

const extent = (indices: number[], size: number): number => indices.length * size + SKIP * skips(indices);

/** A tensor without a picture (no numbers in the message) is a plain box. */
const PLAIN: Look = { numbers: false, cw: 44, ch: 22, facets: 1, perRow: 1, w: 44, h: 22, fw: 44, fh: 22 };

/** narrow: the pane is; crowded: many ops are on the picture; least: width that the name over it needs. */
interface Room { narrow: boolean; crowded: boolean; least: number }

/** `grad`: what is drawn in cells of the same size beside it. */
export function lookOf(block: Block | null, grad: Block | null, { narrow, crowded, least }: Room): Look {
  if (block === null) return PLAIN;
  const [rows, cols] = [Math.max(1, block.rows.length), Math.max(1, block.cols.length)];
  const facets = Math.min(block.facets.length, MOST_FACETS);
  const numbers = rows * cols * facets <= MOST_NUMBERS && cols <= (crowded ? 5 : 8) && skips(block.rows) + skips(block.cols) === 0;
  const heat = Math.min(HEAT, Math.max(2, Math.floor(LARGEST / Math.max(rows, cols))));
  const ch = numbers ? (narrow ? 17 : 18) : heat;
  const cw = numbers ? Math.max(widthOf(block, narrow), grad ? widthOf(grad, narrow) : 0, Math.min(60, Math.ceil(least / cols))) : heat;
  const [fw, fh] = [extent(block.cols.length ? block.cols : [0], cw), extent(block.rows.length ? block.rows : [0], ch)];
  const perRow = facets < 2 ? 1 : fw > 2 * fh ? 1 : facets === 4 && fw > 40 ? 2 : facets;
  const lines = Math.ceil(facets / perRow);
  return { numbers, cw, ch, facets, perRow, fw, fh, w: Math.max(perRow * fw + (perRow - 1) * FACET_GAP, 14), h: Math.max(lines * fh + (lines - 1) * FACET_GAP, 14) };
}

/** Where matrix `at` of the drawn ones stands. */
export const facetAt = (look: Look, at: number): { x: number; y: number } => ({
  x: (at % look.perRow) * (look.fw + FACET_GAP), y: Math.floor(at / look.perRow) * (look.fh + FACET_GAP),
});

function widthOf(block: Block, narrow: boolean): number {
  let longest = 1;
  for (const value of block.data.subarray(0, MOST_NUMBERS)) {
    const text = cell(value);
    longest = Math.max(longest, text.length + (text.includes("e") ? 0.6 : 0));
  }
  const scalar = block.data.length === 1;
  return Math.max(scalar ? 30 : narrow ? 21 : 24, Math.round(longest * 6.1 + (narrow ? 3 : 5)));
}

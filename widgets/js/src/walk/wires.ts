// Ways between lanes: along tracks above a lane and through the gaps between columns, so that no wire runs over a matrix.

/** A wire that is no straight piece of a chain: from a value in column `from` of lane `start` to an op of column `to` in lane `end`. */
export interface Way { from: number; start: number; to: number; end: number }
/** The tracks that a way has got: in the gap after its value, above its lane, in the gap before its op. */
interface Tracks { out: number; channel: number; lane: number; into: number }

export interface Routed { tracks: Tracks[]; gaps: number[]; channels: number[]; crossed: Set<number>[] }

/**
 * Give each way its tracks. `gaps[c]`: tracks in the gap before column `c`; `channels[l]`: tracks above lane `l`;
 * `crossed[c]`: lanes whose operands a track in the gap before column `c` passes. */
export function route(ways: Way[], columns: number, lanes: number): Routed {
  const gaps = Array.from({ length: columns + 2 }, (): [number, number][][] => []);
  const channels = Array.from({ length: lanes }, (): [number, number][][] => []);
  const order = ways.map((_, at) => at).sort((a, b) => ways[a].to - ways[a].from - (ways[b].to - ways[b].from));
  const tracks = ways.map((): Tracks => ({ out: -1, channel: -1, lane: 0, into: -1 }));
  const crossed = gaps.map(() => new Set<number>());
  const upright = (gap: number, one: number, other: number): number => {
    const [top, bottom] = [Math.min(one, other), Math.max(one, other)];
    for (let lane = top + 1; lane <= bottom; lane++) crossed[gap].add(lane);
    return take(gaps[gap], [top, bottom]);
  };
  for (const at of order) {
    const { from, start, to, end } = ways[at];
    const mine = tracks[at];
    mine.lane = Math.max(start, end);
    if (to === from + 1) mine.into = upright(to, start, end);
    else {
      mine.out = upright(from + 1, start, mine.lane);
      mine.channel = take(channels[mine.lane], [from + 1, to]);
      mine.into = upright(to, end, mine.lane);
    }
  }
  return { tracks, gaps: gaps.map((gap) => gap.length), channels: channels.map((channel) => channel.length), crossed };
}

/** The first track in which nothing overlaps the span. */
function take(tracks: [number, number][][], [from, to]: [number, number]): number {
  let at = 0;
  while (tracks[at]?.some((span) => from <= span[1] && span[0] <= to)) at++;
  (tracks[at] ??= []).push([from, to]);
  return at;
}

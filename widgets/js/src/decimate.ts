// Less data, same picture: every extreme value survives.

/**
 * Min-max decimation in place: each bucket of 2·`factor` points keeps its lowest and highest in their order.
 * A NaN or infinity takes the place of one of the two, so that it is never lost.
 * steps, values: [from, length) -> returns the new length.
 */
export function decimateInPlace(steps: Uint32Array, values: Float32Array, length: number, factor: number, from = 0): number {
  const bucket = factor * 2;
  let out = from;
  for (let start = from; start < length; start += bucket) {
    const end = Math.min(start + bucket, length);
    let low = start;
    let high = start;
    let odd = -1;
    for (let i = start; i < end; i++) {
      const value = values[i];
      if (!Number.isFinite(value)) { if (odd < 0) odd = i; continue; }
      if (!(values[low] <= value)) low = i;
      if (!(values[high] >= value)) high = i;
    }
    if (odd >= 0) low = Number.isFinite(values[high]) ? odd : (high = odd);
    const first = Math.min(low, high);
    const second = Math.max(low, high);
    const [s1, v1, s2, v2] = [steps[first], values[first], steps[second], values[second]];
    steps[out] = s1;
    values[out++] = v1;
    if (second !== first) { steps[out] = s2; values[out++] = v2; }
  }
  return out;
}

/** Index of the last element of sorted `steps[0, length)` that is <= `step`; -1 if there is none. */
export function indexAt(steps: Uint32Array, length: number, step: number): number {
  let low = 0;
  let high = length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (steps[middle] <= step) low = middle + 1;
    else high = middle;
  }
  return low - 1;
}

/** Index of the element of sorted `steps[0, length)` nearest to `step`; -1 if it is empty. */
export function nearest(steps: Uint32Array, length: number, step: number): number {
  const left = indexAt(steps, length, step);
  if (left < 0) return length > 0 ? 0 : -1;
  if (left + 1 >= length) return left;
  return step - steps[left] <= steps[left + 1] - step ? left : left + 1;
}

/** The largest finite |value|; 0 where none is finite. */
export function largest(values: ArrayLike<number>): number {
  let most = 0;
  for (let i = 0; i < values.length; i++) if (Math.abs(values[i]) > most && Number.isFinite(values[i])) most = Math.abs(values[i]);
  return most;
}

// AssemblyScript (https://www.assemblyscript.org), built into ../kernel.wasm by `npm run kernel`. Its caller lays the memory out:
// every argument that is a place is a byte offset, aligned to 16.

/** Numbers of a vector; a multiple of 16, so that rows need no remainder. */
const DIMENSION: i32 = 384;
/** What sums in f32 may lose of an inner product of unit vectors. */
const ROUNDING: f32 = 1e-5;

/** NaN: no value. */
export function clear(out: usize, count: i32): void {
  memory.fill(out, 0xff, (<usize>count) << 2);
}

/**
 * For each of `count` rows of a view whose case is open: its case's place in `out` gets a bound that the inner product with the query
 * does not exceed (Cauchy-Schwarz over what rounding took from both). `query` holds i16, `unit` is what one step of it is worth.
 */
export function bound(
  codes: usize,
  scales: usize,
  errors: usize,
  lengths: usize,
  rows: usize,
  count: i32,
  open: usize,
  query: usize,
  unit: f32,
  queryLength: f32,
  queryError: f32,
  out: usize,
): void {
  for (let row = 0; row < count; row++) {
    const ordinal = <usize>load<u32>(rows + (row << 2));
    if (load<u8>(open + ordinal) != 0) {
      let a = i32x4.splat(0);
      let b = i32x4.splat(0);
      for (let i = 0; i < DIMENSION; i += 32) {
        const x = v128.load(codes + i);
        const y = v128.load(codes + i, 16);
        const q = query + (i << 1);
        a = i32x4.add(a, i32x4.dot_i16x8_s(i16x8.extend_low_i8x16_s(x), v128.load(q)));
        b = i32x4.add(b, i32x4.dot_i16x8_s(i16x8.extend_high_i8x16_s(x), v128.load(q, 16)));
        a = i32x4.add(a, i32x4.dot_i16x8_s(i16x8.extend_low_i8x16_s(y), v128.load(q, 32)));
        b = i32x4.add(b, i32x4.dot_i16x8_s(i16x8.extend_high_i8x16_s(y), v128.load(q, 48)));
      }
      const s = i32x4.add(a, b);
      const inner =
        i32x4.extract_lane(s, 0) + i32x4.extract_lane(s, 1) + i32x4.extract_lane(s, 2) + i32x4.extract_lane(s, 3);
      const slack = load<f32>(errors + (row << 2)) * queryLength + load<f32>(lengths + (row << 2)) * queryError;
      store<f32>(out + (ordinal << 2), <f32>inner * unit * load<f32>(scales + (row << 2)) + slack + ROUNDING);
    }
    codes += DIMENSION;
  }
}

/** Closes the cases whose bound is below what an answer must reach. */
export function close(open: usize, scores: usize, count: i32, least: f32): void {
  for (let i: usize = 0; i < <usize>count; i++) if (load<f32>(scores + (i << 2)) < least) store<u8>(open + i, 0);
}

/** How far `value` has come from `zero` to 1, as the root in [0, 1] (`evidence` of score.ts); NaN stays NaN. */
// @ts-ignore: decorator
@inline
function evidence(value: v128, zero: v128, range: v128): v128 {
  const share = f32x4.mul(f32x4.sub(value, zero), range);
  return f32x4.sqrt(f32x4.min(f32x4.splat(1), f32x4.max(f32x4.splat(0), share)));
}

/**
 * Adds to the scores of `count` cases, four at a time, what one part says: the mean of evidence and agreement where a case has both,
 * the one where it has one, `absent` where it has none. A place of 0 stands for a leg that is off. Four closed cases are passed over.
 */
export function addPart(
  open: usize,
  scores: usize,
  cosines: usize,
  agreements: usize,
  count: i32,
  share: f32,
  zero: f32,
  range: f32,
  absent: f32,
): void {
  const none = f32x4.splat(NaN);
  const half = f32x4.splat(0.5);
  const missing = f32x4.splat(absent);
  const shares = f32x4.splat(share);
  const zeros = f32x4.splat(zero);
  const ranges = f32x4.splat(range);
  for (let i: usize = 0; i < (<usize>count) << 2; i += 16) {
    if (load<u32>(open + (i >> 2)) == 0) continue;
    const cosine = cosines == 0 ? none : v128.load(cosines + i);
    const agreement = agreements == 0 ? none : v128.load(agreements + i);
    const near = evidence(cosine, zeros, ranges);
    const hasCosine = f32x4.eq(cosine, cosine);
    const hasAgreement = f32x4.eq(agreement, agreement);
    const both = f32x4.mul(f32x4.add(near, agreement), half);
    const one = v128.bitselect(near, v128.bitselect(agreement, missing, hasAgreement), hasCosine);
    const value = v128.bitselect(both, one, v128.and(hasCosine, hasAgreement));
    v128.store(scores + i, f32x4.add(v128.load(scores + i), f32x4.mul(shares, value)));
  }
}

/** Puts `score` into the heap of `count` entries, in place `at` or below it; the least is on top. */
// @ts-ignore: decorator
@inline
function sink(heap: usize, ordinals: usize, count: usize, score: f32, ordinal: u32): void {
  let at: usize = 0;
  for (;;) {
    let child: usize = (at << 1) + 1;
    if (child >= count) break;
    if (child + 1 < count && load<f32>(heap + ((child + 1) << 2)) < load<f32>(heap + (child << 2))) child++;
    const least = load<f32>(heap + (child << 2));
    if (least >= score) break;
    store<f32>(heap + (at << 2), least);
    store<u32>(ordinals + (at << 2), load<u32>(ordinals + (child << 2)));
    at = child;
  }
  store<f32>(heap + (at << 2), score);
  store<u32>(ordinals + (at << 2), ordinal);
}

/**
 * The `wanted` open cases with the highest scores, in no order; of equal ones the first. `heap` and `ordinals` have room for them; where there
 * are fewer, the rest of `heap` is below 0.
 */
export function top(open: usize, scores: usize, count: i32, wanted: i32, heap: usize, ordinals: usize): void {
  const room = <usize>wanted;
  for (let i: usize = 0; i < room; i++) store<f32>(heap + (i << 2), -1);
  let least = f32x4.splat(-1);
  for (let i: usize = 0; i < <usize>count; i += 4) {
    const four = load<u32>(open + i);
    if (four == 0 || !v128.any_true(f32x4.gt(v128.load(scores + (i << 2)), least))) continue;
    for (let lane: usize = i; lane < i + 4; lane++) {
      const score = load<f32>(scores + (lane << 2));
      if (load<u8>(open + lane) == 0 || score <= load<f32>(heap)) continue;
      sink(heap, ordinals, room, score, <u32>lane);
      least = f32x4.splat(load<f32>(heap));
    }
  }
}

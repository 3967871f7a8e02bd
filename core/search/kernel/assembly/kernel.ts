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

/** Inner product of one row's codes with the query's steps; exact in i32. */
// @ts-ignore: decorator
@inline
function innerOf(codes: usize, query: usize): i32 {
  let a = i32x4.splat(0);
  let b = i32x4.splat(0);
  for (let i: usize = 0; i < <usize>DIMENSION; i += 32) {
    const x = codes + i;
    const q = query + (i << 1);
    a = i32x4.add(a, i32x4.dot_i16x8_s(v128.load8x8_s(x), v128.load(q)));
    b = i32x4.add(b, i32x4.dot_i16x8_s(v128.load8x8_s(x, 8), v128.load(q, 16)));
    a = i32x4.add(a, i32x4.dot_i16x8_s(v128.load8x8_s(x, 16), v128.load(q, 32)));
    b = i32x4.add(b, i32x4.dot_i16x8_s(v128.load8x8_s(x, 24), v128.load(q, 48)));
  }
  const s = i32x4.add(a, b);
  return i32x4.extract_lane(s, 0) + i32x4.extract_lane(s, 1) + i32x4.extract_lane(s, 2) + i32x4.extract_lane(s, 3);
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
  for (let at: usize = 0; at < (<usize>count) << 2; at += 4) {
    const ordinal = <usize>load<u32>(rows + at);
    if (load<u8>(open + ordinal) != 0) {
      const slack = load<f32>(errors + at) * queryLength + load<f32>(lengths + at) * queryError;
      const inner = <f32>innerOf(codes, query) * unit * load<f32>(scales + at);
      store<f32>(out + (ordinal << 2), inner + slack + ROUNDING);
    }
    codes += DIMENSION;
  }
}

/** The same for `count` chosen rows: the bound of row `chosen[i]` goes to place i of `out`; NaN where that is -1. */
export function boundSome(
  codes: usize,
  scales: usize,
  errors: usize,
  lengths: usize,
  chosen: usize,
  count: i32,
  query: usize,
  unit: f32,
  queryLength: f32,
  queryError: f32,
  out: usize,
): void {
  for (let i: usize = 0; i < (<usize>count) << 2; i += 4) {
    const row = load<i32>(chosen + i);
    if (row < 0) {
      store<f32>(out + i, NaN);
      continue;
    }
    const at = (<usize>row) << 2;
    const slack = load<f32>(errors + at) * queryLength + load<f32>(lengths + at) * queryError;
    const inner = <f32>innerOf(codes + <usize>row * DIMENSION, query) * unit * load<f32>(scales + at);
    store<f32>(out + i, inner + slack + ROUNDING);
  }
}

/** The sign bits of `count` rows of codes: 48 bytes a row. */
export function signs(codes: usize, count: i32, out: usize): void {
  for (let row = 0; row < count; row++) {
    for (let i: usize = 0; i < <usize>DIMENSION; i += 16) store<u16>(out + (i >> 3), <u16>i8x16.bitmask(v128.load(codes + i)));
    codes += DIMENSION;
    out += DIMENSION >> 3;
  }
}

/**
 * Adds to the score of each open case what its row says by its sign bits. `near` holds the evidence for each number of bits, 0 to `DIMENSION`, that
 * differ from the query's. The score has `absent`, or the agreement where the case has one, in it already: `share` of the difference is added.
 * An `agreements` of 0 stands for a leg that is off.
 */
export function estimate(
  signs: usize,
  rows: usize,
  count: i32,
  open: usize,
  query: usize,
  near: usize,
  agreements: usize,
  share: f32,
  absent: f32,
  scores: usize,
): void {
  const q0 = load<u64>(query);
  const q1 = load<u64>(query, 8);
  const q2 = load<u64>(query, 16);
  const q3 = load<u64>(query, 24);
  const q4 = load<u64>(query, 32);
  const q5 = load<u64>(query, 40);
  for (let at: usize = 0; at < (<usize>count) << 2; at += 4) {
    const ordinal = <usize>load<u32>(rows + at);
    if (load<u8>(open + ordinal) != 0) {
      const differ =
        popcnt(load<u64>(signs) ^ q0) +
        popcnt(load<u64>(signs, 8) ^ q1) +
        popcnt(load<u64>(signs, 16) ^ q2) +
        popcnt(load<u64>(signs, 24) ^ q3) +
        popcnt(load<u64>(signs, 32) ^ q4) +
        popcnt(load<u64>(signs, 40) ^ q5);
      const evidence = load<f32>(near + ((<usize>differ) << 2));
      const score = scores + (ordinal << 2);
      const agreement = agreements == 0 ? <f32>NaN : load<f32>(agreements + (ordinal << 2));
      const gain = agreement == agreement ? (evidence - agreement) * 0.5 : evidence - absent;
      store<f32>(score, load<f32>(score) + share * gain);
    }
    signs += DIMENSION >> 3;
  }
}

/** Which of four scores reach what they must: all bits or none. */
// @ts-ignore: decorator
@inline
function reaches(scores: usize, least: v128): v128 {
  return f32x4.ge(v128.load(scores), least);
}

/** Closes the cases whose score is below what an answer must reach; `count` is a multiple of 16. */
export function close(open: usize, scores: usize, count: i32, least: f32): void {
  const leasts = f32x4.splat(least);
  for (let i: usize = 0; i < <usize>count; i += 16) {
    const at = scores + (i << 2);
    const low = i16x8.narrow_i32x4_s(reaches(at, leasts), reaches(at + 16, leasts));
    const high = i16x8.narrow_i32x4_s(reaches(at + 32, leasts), reaches(at + 48, leasts));
    v128.store(open + i, v128.and(v128.load(open + i), i8x16.narrow_i16x8_s(low, high)));
  }
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

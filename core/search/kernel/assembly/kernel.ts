// AssemblyScript (https://www.assemblyscript.org), built into ../kernel.wasm by `npm run kernel`. Its caller lays the memory out:
// every argument that is a place is a byte offset, aligned to 16.

/** Numbers of a vector; a multiple of 16, so that rows need no remainder. */
const DIMENSION: i32 = 384;
const CODE_MAX: f32 = 127;
/** What sums in f32 may lose of an inner product of unit vectors. */
const ROUNDING: f32 = 1e-5;

// @ts-ignore: decorator
@inline
function sumOf(v: v128): f32 {
  return f32x4.extract_lane(v, 0) + f32x4.extract_lane(v, 1) + (f32x4.extract_lane(v, 2) + f32x4.extract_lane(v, 3));
}

/**
 * Rounds `count` rows of f32 to codes of one byte, each row by a scale of its own. `errors` gets the length of what the rounding took
 * from each row, `lengths` the length of what is left.
 */
export function pack(source: usize, count: i32, codes: usize, scales: usize, errors: usize, lengths: usize): void {
  for (let row = 0; row < count; row++) {
    let most = f32x4.splat(0);
    for (let i = 0; i < DIMENSION; i += 4) most = f32x4.max(most, f32x4.abs(v128.load(source + (i << 2))));
    const largest = max(
      max(f32x4.extract_lane(most, 0), f32x4.extract_lane(most, 1)),
      max(f32x4.extract_lane(most, 2), f32x4.extract_lane(most, 3)),
    );
    const scale: f32 = largest > 0 ? largest / CODE_MAX : 1;
    const steps = f32x4.splat(<f32>1 / scale);
    const scaled = f32x4.splat(scale);
    let error = f32x4.splat(0);
    let length = f32x4.splat(0);
    for (let i = 0; i < DIMENSION; i += 4) {
      const value = v128.load(source + (i << 2));
      const whole = f32x4.nearest(f32x4.mul(value, steps));
      const kept = f32x4.mul(whole, scaled);
      const lost = f32x4.sub(value, kept);
      error = f32x4.add(error, f32x4.mul(lost, lost));
      length = f32x4.add(length, f32x4.mul(kept, kept));
      const wide = i32x4.trunc_sat_f32x4_s(whole);
      const half = i16x8.narrow_i32x4_s(wide, wide);
      v128.store32_lane(codes + i, i8x16.narrow_i16x8_s(half, half), 0);
    }
    store<f32>(scales, scale);
    store<f32>(errors, sqrt(sumOf(error)));
    store<f32>(lengths, sqrt(sumOf(length)));
    source += DIMENSION << 2;
    codes += DIMENSION;
    scales += 4;
    errors += 4;
    lengths += 4;
  }
}

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

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

// @ts-ignore: decorator
@inline
function sumOf(four: v128): i32 {
  return i32x4.extract_lane(four, 0) + i32x4.extract_lane(four, 1) + i32x4.extract_lane(four, 2) + i32x4.extract_lane(four, 3);
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
  return sumOf(i32x4.add(a, b));
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

/** Rows whose codes are asked for at once. */
const TOGETHER: usize = 16;
/** Bytes that a processor fetches at once. */
const LINE: usize = 64;

/** Touches the codes of `count` chosen rows, so that they come from memory together and not one after the other. */
// @ts-ignore: decorator
@inline
function fetched(codes: usize, chosen: usize, count: usize): u32 {
  let touched: u32 = 0;
  for (let i: usize = 0; i < count << 2; i += 4) {
    const row = load<i32>(chosen + i);
    if (row < 0) continue;
    const from = codes + <usize>row * DIMENSION;
    for (let line: usize = 0; line < <usize>DIMENSION; line += LINE) touched |= load<u8>(from + line);
  }
  return touched;
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
  for (let i: usize = 0; i < <usize>count; i++) {
    const place = out + (i << 2);
    // Stored so that it is not left out as unused; the bound comes in its place.
    if (i % TOGETHER == 0) store<u32>(place, fetched(codes, chosen + (i << 2), min(TOGETHER, <usize>count - i)));
    const row = load<i32>(chosen + (i << 2));
    if (row < 0) {
      store<f32>(place, NaN);
      continue;
    }
    const at = (<usize>row) << 2;
    const slack = load<f32>(errors + at) * queryLength + load<f32>(lengths + at) * queryError;
    const inner = <f32>innerOf(codes + <usize>row * DIMENSION, query) * unit * load<f32>(scales + at);
    store<f32>(place, inner + slack + ROUNDING);
  }
}

/** Rows whose sign bits stand together, so that one instruction looks all of them up. */
const BLOCK: usize = 32;
/** Bytes of the sign bits of a row: bit 0 is that of the first of eight numbers. */
const SIGN_BYTES: usize = 48;

/**
 * The sign bits of `count` rows of codes, by blocks of 32 rows: byte j of all of them, then byte j + 1 (`signs` is cleared before). To `factors`
 * goes what the inner product of a row's signs with a query is worth as one of the row: its square over the sum of its sizes.
 */
export function signs(codes: usize, scales: usize, count: i32, signs: usize, factors: usize): void {
  for (let row: usize = 0; row < <usize>count; row++) {
    const out = signs + (row / BLOCK) * (BLOCK * SIGN_BYTES) + (row % BLOCK);
    let squares = i32x4.splat(0);
    let sizes = i32x4.splat(0);
    for (let i: usize = 0; i < <usize>DIMENSION; i += 16) {
      const some = v128.load(codes + i);
      const bits = i8x16.bitmask(some);
      store<u8>(out + (i >> 3) * BLOCK, <u8>bits);
      store<u8>(out + ((i >> 3) + 1) * BLOCK, <u8>(bits >> 8));
      const low = i16x8.extend_low_i8x16_s(some);
      const high = i16x8.extend_high_i8x16_s(some);
      squares = i32x4.add(squares, i32x4.add(i32x4.dot_i16x8_s(low, low), i32x4.dot_i16x8_s(high, high)));
      sizes = i32x4.add(sizes, i32x4.extadd_pairwise_i16x8_u(i16x8.extadd_pairwise_i8x16_u(i8x16.abs(some))));
    }
    const size = sumOf(sizes);
    store<f32>(factors + (row << 2), size == 0 ? 0 : (load<f32>(scales + (row << 2)) * <f32>sumOf(squares)) / <f32>size);
    codes += DIMENSION;
  }
}

/** Adds to `sum` what the tables of one byte of 16 rows' sign bits say: `low` that of its first four bits, `high` that of its last. */
// @ts-ignore: decorator
@inline
function looked(sum: v128, bits: v128, low: v128, high: v128): v128 {
  const half = i8x16.splat(0x0f);
  sum = i8x16.add(sum, i8x16.swizzle(low, v128.and(bits, half)));
  return i8x16.add(sum, i8x16.swizzle(high, v128.and(i16x8.shr_u(bits, 4), half)));
}

/** Evidence of four rows by what their signs are worth; `sums` are steps of `unit` above `-offset`. */
// @ts-ignore: decorator
@inline
function nearness(sums: v128, factors: usize, unit: v128, offset: v128, zero: v128, range: v128): v128 {
  const inner = f32x4.sub(f32x4.mul(f32x4.convert_i32x4_s(sums), unit), offset);
  return evidence(f32x4.mul(inner, v128.load(factors)), zero, range);
}

/** Evidence of 16 rows, in their order, to `out`. */
// @ts-ignore: decorator
@inline
function near16(pairs: v128, odd: v128, factors: usize, unit: v128, offset: v128, zero: v128, range: v128, out: usize): void {
  const even = i16x8.sub(pairs, i16x8.shl(odd, 8));
  const first = v128.shuffle<u16>(even, odd, 0, 8, 1, 9, 2, 10, 3, 11);
  const last = v128.shuffle<u16>(even, odd, 4, 12, 5, 13, 6, 14, 7, 15);
  v128.store(out, nearness(i32x4.extend_low_i16x8_u(first), factors, unit, offset, zero, range));
  v128.store(out, nearness(i32x4.extend_high_i16x8_u(first), factors + 16, unit, offset, zero, range), 16);
  v128.store(out, nearness(i32x4.extend_low_i16x8_u(last), factors + 32, unit, offset, zero, range), 32);
  v128.store(out, nearness(i32x4.extend_high_i16x8_u(last), factors + 48, unit, offset, zero, range), 48);
}

/** Whether a case of these rows is open; those of a run, a whole block of them, have neighbouring ordinals. */
// @ts-ignore: decorator
@inline
function anyOpen(open: usize, rows: usize, from: usize, until: usize, start: usize, isRun: bool): bool {
  if (isRun) return v128.any_true(v128.or(v128.load(open + start), v128.load(open + start, 16)));
  let found: u32 = 0;
  for (let row = from; row < until; row++) found |= load<u8>(open + <usize>load<u32>(rows + (row << 2)));
  return found != 0;
}

/**
 * Adds to the score of each open case what its row says by its sign bits. `tables` has, for each byte of them, sixteen entries of at most 31
 * for its low half and sixteen for its high half; their sum times `unit`, less `offset`, is the inner product of signs and query.
 * The score has `absent`, or the agreement where the case has one, in it already: `share` of the difference is added. An `agreements`
 * of 0 stands for a leg that is off; `block` is room for the evidence of a block.
 */
export function estimate(
  signs: usize,
  factors: usize,
  rows: usize,
  count: i32,
  open: usize,
  tables: usize,
  unit: f32,
  offset: f32,
  zero: f32,
  range: f32,
  agreements: usize,
  share: f32,
  absent: f32,
  block: usize,
  scores: usize,
): void {
  const units = f32x4.splat(unit);
  const offsets = f32x4.splat(offset);
  const zeros = f32x4.splat(zero);
  const ranges = f32x4.splat(range);
  const shares = f32x4.splat(share);
  const absents = f32x4.splat(absent);
  for (let from: usize = 0; from < <usize>count; from += BLOCK) {
    const until = min(from + BLOCK, <usize>count);
    const start = <usize>load<u32>(rows + (from << 2));
    const isRun = until - from == BLOCK && <usize>load<u32>(rows + ((until - 1) << 2)) - start == BLOCK - 1;
    if (anyOpen(open, rows, from, until, start, isRun)) {
      // Of each half: the bytes of even and odd rows added up as pairs, and those of the odd ones once more.
      let pairs0 = i16x8.splat(0);
      let pairs1 = i16x8.splat(0);
      let odd0 = i16x8.splat(0);
      let odd1 = i16x8.splat(0);
      let table = tables;
      const end = signs + BLOCK * SIGN_BYTES;
      for (let bits = signs; bits < end; bits += 4 * BLOCK) {
        let low = v128.load(table);
        let high = v128.load(table, 16);
        let sum0 = looked(i8x16.splat(0), v128.load(bits), low, high);
        let sum1 = looked(i8x16.splat(0), v128.load(bits, 16), low, high);
        low = v128.load(table, 32);
        high = v128.load(table, 48);
        sum0 = looked(sum0, v128.load(bits, 32), low, high);
        sum1 = looked(sum1, v128.load(bits, 48), low, high);
        low = v128.load(table, 64);
        high = v128.load(table, 80);
        sum0 = looked(sum0, v128.load(bits, 64), low, high);
        sum1 = looked(sum1, v128.load(bits, 80), low, high);
        low = v128.load(table, 96);
        high = v128.load(table, 112);
        sum0 = looked(sum0, v128.load(bits, 96), low, high);
        sum1 = looked(sum1, v128.load(bits, 112), low, high);
        pairs0 = i16x8.add(pairs0, sum0);
        pairs1 = i16x8.add(pairs1, sum1);
        odd0 = i16x8.add(odd0, i16x8.shr_u(sum0, 8));
        odd1 = i16x8.add(odd1, i16x8.shr_u(sum1, 8));
        table += 128;
      }
      const at = factors + (from << 2);
      near16(pairs0, odd0, at, units, offsets, zeros, ranges, block);
      near16(pairs1, odd1, at + 64, units, offsets, zeros, ranges, block + 64);
      // What a closed case gets is never looked at.
      if (agreements == 0) {
        for (let i: usize = 0; i < BLOCK << 2; i += 16) {
          v128.store(block + i, f32x4.mul(shares, f32x4.sub(v128.load(block + i), absents)));
        }
        if (isRun) {
          const score = scores + (start << 2);
          for (let i: usize = 0; i < BLOCK << 2; i += 16) {
            v128.store(score + i, f32x4.add(v128.load(score + i), v128.load(block + i)));
          }
        } else {
          for (let row = from; row < until; row++) {
            const score = scores + (<usize>load<u32>(rows + (row << 2)) << 2);
            store<f32>(score, load<f32>(score) + load<f32>(block + ((row - from) << 2)));
          }
        }
      } else {
        for (let row = from; row < until; row++) {
          const ordinal = <usize>load<u32>(rows + (row << 2));
          const near = load<f32>(block + ((row - from) << 2));
          const score = scores + (ordinal << 2);
          const agreement = load<f32>(agreements + (ordinal << 2));
          const gain = agreement == agreement ? (near - agreement) * 0.5 : near - absent;
          store<f32>(score, load<f32>(score) + share * gain);
        }
      }
    }
    signs += BLOCK * SIGN_BYTES;
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

/** Scores are told apart by so many steps of [0, 1] where cases are chosen. */
const LEVELS: i32 = 4096;

/** The levels of four scores; what lies outside [0, 1] is at an end. */
// @ts-ignore: decorator
@inline
function levelsOf(scores: usize): v128 {
  const scaled = i32x4.trunc_sat_f32x4_s(f32x4.mul(v128.load(scores), f32x4.splat(<f32>LEVELS)));
  return i32x4.min_s(i32x4.splat(LEVELS - 1), i32x4.max_s(i32x4.splat(0), scaled));
}

/** Counts a case at its level, where it is open. */
// @ts-ignore: decorator
@inline
function counted(counts: usize, at: i32, isOpen: u32): void {
  const place = counts + (<usize>at << 2);
  store<u32>(place, load<u32>(place) + isOpen);
}

/** The highest level that `wanted` open cases reach, 0 where there are fewer; `counts` gets how many are at each. */
export function level(open: usize, scores: usize, count: i32, wanted: i32, counts: usize): i32 {
  memory.fill(counts, 0, LEVELS << 2);
  for (let i: usize = 0; i < <usize>count; i += 4) {
    const four = load<u32>(open + i);
    if (four == 0) continue;
    const levels = levelsOf(scores + (i << 2));
    counted(counts, i32x4.extract_lane(levels, 0), four & 1);
    counted(counts, i32x4.extract_lane(levels, 1), (four >> 8) & 1);
    counted(counts, i32x4.extract_lane(levels, 2), (four >> 16) & 1);
    counted(counts, i32x4.extract_lane(levels, 3), (four >> 24) & 1);
  }
  let reached = 0;
  for (let at = LEVELS - 1; at > 0; at--) {
    reached += load<u32>(counts + (<usize>at << 2));
    if (<i32>reached >= wanted) return at;
  }
  return 0;
}

/**
 * The ordinals of `wanted` open cases, ascending: all above level `least`, then the first that are at it. Gives how many there are.
 * `counts` is as `level` left it.
 */
export function choose(open: usize, scores: usize, count: i32, wanted: i32, least: i32, counts: usize, ordinals: usize): i32 {
  let room = wanted;
  for (let at = least + 1; at < LEVELS; at++) room -= load<u32>(counts + (<usize>at << 2));
  const lowest = i32x4.splat(least);
  // The levels are not asked for any more.
  const four = counts;
  let to = ordinals;
  for (let i: usize = 0; i < <usize>count; i += 4) {
    if (load<u32>(open + i) == 0) continue;
    const levels = levelsOf(scores + (i << 2));
    if (!v128.any_true(i32x4.ge_s(levels, lowest))) continue;
    v128.store(four, levels);
    for (let lane: usize = 0; lane < 4; lane++) {
      const at = load<i32>(four + (lane << 2));
      if (at < least || load<u8>(open + i + lane) == 0 || (at == least && room-- <= 0)) continue;
      store<u32>(to, <u32>(i + lane));
      to += 4;
    }
  }
  return <i32>((to - ordinals) >> 2);
}

/** A sparse matrix by rows: the entries of row r are at rowStart[r] .. rowStart[r + 1] of `columns` and `values`. */
export type SparseRows = {
  readonly rows: number;
  readonly width: number;
  readonly rowStart: Uint32Array;
  readonly columns: Uint32Array;
  readonly values: Float32Array;
};

/** A dense matrix, row-major. Kept in f32 to halve the memory; sums are formed in f64. */
export type Dense = { readonly rows: number; readonly width: number; readonly data: Float32Array };

/**
 * Adds factors[k] · rows[k] to `sum` for four rows of `data` at once: one load and store of each sum for four products made this
 * three times as fast as row by row.
 */
export function addRows(
  sum: Float64Array,
  data: Float32Array | Int8Array,
  rows: ArrayLike<number>,
  factors: ArrayLike<number>,
  count: number,
): void {
  const width = sum.length;
  for (let k = 0; k < count; k += 4) {
    const last = count - k;
    const a = (rows[k] as number) * width;
    const b = last > 1 ? (rows[k + 1] as number) * width : a;
    const c = last > 2 ? (rows[k + 2] as number) * width : a;
    const d = last > 3 ? (rows[k + 3] as number) * width : a;
    const fa = factors[k] as number;
    const fb = last > 1 ? (factors[k + 1] as number) : 0;
    const fc = last > 2 ? (factors[k + 2] as number) : 0;
    const fd = last > 3 ? (factors[k + 3] as number) : 0;
    for (let i = 0; i < width; i += 1) {
      sum[i] =
        (sum[i] as number) +
        (fa * (data[a + i] as number) + fb * (data[b + i] as number)) +
        (fc * (data[c + i] as number) + fd * (data[d + i] as number));
    }
  }
}

/** matrix · dense, of shape [matrix.rows, dense.width]. */
export function multiply(matrix: SparseRows, dense: Dense): Dense {
  const { width } = dense;
  const data = new Float32Array(matrix.rows * width);
  const sum = new Float64Array(width);
  for (let row = 0; row < matrix.rows; row += 1) {
    const from = matrix.rowStart[row] ?? 0;
    const end = matrix.rowStart[row + 1] ?? 0;
    sum.fill(0);
    addRows(sum, dense.data, matrix.columns.subarray(from, end), matrix.values.subarray(from, end), end - from);
    data.set(sum, row * width);
  }
  return { rows: matrix.rows, width, data };
}

/** The transpose by counting; entries of each row of the result stay in the order of the rows they came from. */
export function transpose(matrix: SparseRows): SparseRows {
  const rowStart = new Uint32Array(matrix.width + 1);
  for (const column of matrix.columns) rowStart[column + 1] = (rowStart[column + 1] ?? 0) + 1;
  for (let i = 0; i < matrix.width; i += 1) rowStart[i + 1] = (rowStart[i + 1] ?? 0) + (rowStart[i] ?? 0);
  const next = rowStart.slice();
  const columns = new Uint32Array(matrix.columns.length);
  const values = new Float32Array(matrix.columns.length);
  for (let row = 0; row < matrix.rows; row += 1) {
    const end = matrix.rowStart[row + 1] ?? 0;
    for (let at = matrix.rowStart[row] ?? 0; at < end; at += 1) {
      const column = matrix.columns[at] ?? 0;
      const to = next[column] ?? 0;
      next[column] = to + 1;
      columns[to] = row;
      values[to] = matrix.values[at] ?? 0;
    }
  }
  return { rows: matrix.width, width: matrix.rows, rowStart, columns, values };
}

/** denseᵀ · dense, the whole square of `dense.width`. Four rows at a time, so that each sum is loaded once for four products. */
export function gram(dense: Dense): Float64Array {
  const { width: n, data } = dense;
  const sums = new Float64Array(n * n);
  const block = new Float64Array(4 * n);
  for (let row = 0; row < dense.rows; row += 4) {
    block.fill(0);
    block.set(data.subarray(row * n, Math.min(dense.rows, row + 4) * n));
    for (let i = 0; i < n; i += 1) {
      const a = block[i] as number;
      const b = block[n + i] as number;
      const c = block[2 * n + i] as number;
      const d = block[3 * n + i] as number;
      const to = i * n;
      for (let j = i; j < n; j += 1) {
        sums[to + j] =
          (sums[to + j] as number) +
          (a * (block[j] as number) + b * (block[n + j] as number)) +
          (c * (block[2 * n + j] as number) + d * (block[3 * n + j] as number));
      }
    }
  }
  for (let i = 0; i < n; i += 1) for (let j = 0; j < i; j += 1) sums[i * n + j] = sums[j * n + i] as number;
  return sums;
}

/** A pivot below this share of the largest says that the column depends on those before it. */
const PIVOT_MIN = 1e-9;

/**
 * Makes the columns of `dense` orthonormal in place by its Gram matrix's inverse Cholesky factor (CholeskyQR). Columns that depend on
 * earlier ones become zero, so a corpus with repeated texts is no error.
 */
export function orthonormalise(dense: Dense): void {
  const { width: n, data } = dense;
  const inverse = inverseFactor(gram(dense), n);
  const block = new Float64Array(4 * n);
  for (let row = 0; row < dense.rows; row += 4) {
    const end = Math.min(dense.rows, row + 4);
    block.fill(0);
    block.set(data.subarray(row * n, end * n));
    for (let i = 0; i < n; i += 1) {
      const from = i * n;
      let a = 0;
      let b = 0;
      let c = 0;
      let d = 0;
      for (let j = 0; j <= i; j += 1) {
        const factor = inverse[from + j] as number;
        a += factor * (block[j] as number);
        b += factor * (block[n + j] as number);
        c += factor * (block[2 * n + j] as number);
        d += factor * (block[3 * n + j] as number);
      }
      data[row * n + i] = a;
      if (row + 1 < end) data[(row + 1) * n + i] = b;
      if (row + 2 < end) data[(row + 2) * n + i] = c;
      if (row + 3 < end) data[(row + 3) * n + i] = d;
    }
  }
}

/** The inverse of the lower Cholesky factor of a symmetric n · n matrix; a dependent column gets a row and column of zeros. */
function inverseFactor(matrix: Float64Array, n: number): Float64Array {
  let largest = 0;
  for (let i = 0; i < n; i += 1) largest = Math.max(largest, matrix[i * n + i] as number);
  const factor = new Float64Array(n * n);
  const inverse = new Float64Array(n * n);
  for (let i = 0; i < n; i += 1) {
    for (let j = 0; j <= i; j += 1) {
      let sum = matrix[i * n + j] as number;
      for (let k = 0; k < j; k += 1) sum -= (factor[i * n + k] as number) * (factor[j * n + k] as number);
      if (j < i) factor[i * n + j] = sum * (inverse[j * n + j] as number);
      else if (sum > largest * PIVOT_MIN) inverse[i * n + i] = 1 / Math.sqrt(sum);
    }
    const scale = inverse[i * n + i] as number;
    for (let k = 0; k < i; k += 1) {
      const held = factor[i * n + k] as number;
      if (held === 0 || scale === 0) continue;
      for (let j = 0; j <= k; j += 1) {
        inverse[i * n + j] = (inverse[i * n + j] as number) - scale * held * (inverse[k * n + j] as number);
      }
    }
  }
  return inverse;
}

/** Reads one tensor of somebody's file, row-major, as 32-bit floats. */
export type ReadValues = (name: string) => Float32Array;

/** Where one parameter of ours is in somebody's file, and how it lies there. */
export type Entry = {
  /** The tensors it is read from, by name, with the shapes they must have. */
  readonly tensors: Readonly<Record<string, readonly number[]>>;
  /** The parameter, row-major in our shape. */
  load(read: ReadValues): Float32Array;
  /** Its tensors in their layout, by name: the inverse of `load` to the bit. */
  save(values: Float32Array): Readonly<Record<string, Float32Array>>;
};

/** The {@link Entry} of every parameter of a model, by our dotted path: all that is known of a naming, readable in both directions. */
export type Naming = Readonly<Record<string, Entry>>;

/** A parameter that lies in the file as it lies here; `shape` is theirs, which may have further axes of length 1. */
export function same(name: string, shape: readonly number[]): Entry {
  return { tensors: { [name]: shape }, load: (read) => read(name), save: (values) => ({ [name]: values }) };
}

/**
 * A parameter whose axes are in another order there: element `[i_0, i_1, ...]` of their tensor of `shape` is element
 * `[i_order[0], i_order[1], ...]` of ours.
 *
 * @example permuted('proj.weight', [D, 3, 14, 14], [2, 3, 1, 0]) // PyTorch's convolution as our rows of pixels (y, x, channel), [588, D]
 */
export function permuted(name: string, shape: readonly number[], order: readonly number[]): Entry {
  const ours = order.map((axis) => shape[axis]);
  const back = order.map((_, axis) => order.indexOf(axis));
  return {
    tensors: { [name]: shape },
    load: (read) => permute(read(name), shape, order),
    save: (values) => ({ [name]: permute(values, ours, back) }),
  };
}

/** A kernel `[inputs, outputs]` that PyTorch keeps as a weight `[outputs, inputs]`. */
export function transposed(name: string, inputs: number, outputs: number): Entry {
  return permuted(name, [outputs, inputs], [1, 0]);
}

/** A patch embedding `[p * p * 3, D]`, rows in the order (y, x, channel), that PyTorch keeps as a convolution `[D, 3, p, p]`. */
export function convolution(name: string, patchSize: number, width: number): Entry {
  return permuted(name, [width, 3, patchSize, patchSize], [2, 3, 1, 0]);
}

/**
 * A parameter that is several there, side by side along our last axis: packed queries, keys and values `[D, 3D]` of three kernels `[D, D]`,
 * `[3D]` of three biases.
 *
 * @param parts each with the length of our last axis that is its own
 */
export function sideBySide(parts: readonly { readonly entry: Entry; readonly columns: number }[]): Entry {
  const columns = parts.reduce((sum, part) => sum + part.columns, 0);
  const begins = parts.map((_, i) => parts.slice(0, i).reduce((sum, part) => sum + part.columns, 0));
  return {
    tensors: Object.assign({}, ...parts.map(({ entry }) => entry.tensors)),
    load: (read) => {
      const pieces = parts.map(({ entry }) => entry.load(read));
      const rows = pieces[0].length / parts[0].columns;
      const values = new Float32Array(rows * columns);
      pieces.forEach((piece, i) => {
        const width = parts[i].columns;
        for (let row = 0; row < rows; row++) {
          values.set(piece.subarray(row * width, (row + 1) * width), row * columns + begins[i]);
        }
      });
      return values;
    },
    save: (values) => {
      const rows = values.length / columns;
      const saved = parts.map(({ entry, columns: width }, i) => {
        const piece = new Float32Array(rows * width);
        for (let row = 0; row < rows; row++) {
          const from = row * columns + begins[i];
          piece.set(values.subarray(from, from + width), row * width);
        }
        return entry.save(piece);
      });
      return Object.assign({}, ...saved);
    },
  };
}

/** `{ [prefix + path]: entry }`: the naming of a part under the path where our tree has it. */
export function under(prefix: string, naming: Naming): Naming {
  return Object.fromEntries(Object.entries(naming).map(([path, entry]) => [`${prefix}.${path}`, entry]));
}

/** Our `scale` and `bias` of a layer norm, PyTorch's `weight` and `bias`. */
export function layerNormNaming(name: string, width: number): Naming {
  return { scale: same(`${name}.weight`, [width]), bias: same(`${name}.bias`, [width]) };
}

/** Our `kernel` and `bias` of a linear layer, PyTorch's `weight` and `bias`. */
export function linearNaming(name: string, inputs: number, outputs: number): Naming {
  return { kernel: transposed(`${name}.weight`, inputs, outputs), bias: same(`${name}.bias`, [outputs]) };
}

/** Our packed `attn.qkv` of three linear layers of PyTorch, `names` those of queries, keys and values. */
export function qkvNaming(names: readonly [string, string, string], width: number): Naming {
  return {
    kernel: sideBySide(names.map((name) => ({ entry: transposed(`${name}.weight`, width, width), columns: width }))),
    bias: sideBySide(names.map((name) => ({ entry: same(`${name}.bias`, [width]), columns: width }))),
  };
}

/** Rows and columns that are transposed at a time, so that no cache line is fetched again for each of its numbers. */
const tile = { rows: 64, columns: 8 };

function transpose(values: Float32Array, rows: number, columns: number): Float32Array {
  const result = new Float32Array(values.length);
  for (let top = 0; top < rows; top += tile.rows) {
    const bottom = Math.min(top + tile.rows, rows);
    for (let left = 0; left < columns; left += tile.columns) {
      const right = Math.min(left + tile.columns, columns);
      for (let column = left; column < right; column++) {
        for (let row = top; row < bottom; row++) result[column * rows + row] = values[row * columns + column];
      }
    }
  }
  return result;
}

function permute(values: Float32Array, shape: readonly number[], order: readonly number[]): Float32Array {
  if (shape.length === 2 && order[0] === 1) return transpose(values, shape[0], shape[1]);
  const strides = shape.map((_, axis) => shape.slice(axis + 1).reduce((product, length) => product * length, 1));
  const lengths = order.map((axis) => shape[axis]);
  const steps = order.map((axis) => strides[axis]);
  const result = new Float32Array(values.length);
  let to = 0;
  const visit = (axis: number, from: number) => {
    const [length, step] = [lengths[axis], steps[axis]];
    if (axis === lengths.length - 1) {
      for (let i = 0; i < length; i++) result[to++] = values[from + i * step];
      return;
    }
    for (let i = 0; i < length; i++) visit(axis + 1, from + i * step);
  };
  visit(0, 0);
  return result;
}

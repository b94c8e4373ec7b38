/** How a shader uses a storage buffer: reads it, or writes it (and may read it), element by element or four at once. */
export type Access = 'read' | 'read4' | 'write' | 'write4';

/** The type of the numbers in a buffer. float32 tensors are `f32`, or `f16` where they are stored so; int32 and bool are `i32`. */
export type Element = 'f32' | 'f16' | 'i32' | 'u32';

/** The type of a uniform. */
export type UniformType = 'u32' | 'f32';

/**
 * A compute shader that is specialised by `Options` (tile sizes, what is done to the results) and by the types of its buffers.
 *
 * Its `code` is the body: every binding `x` is a runtime-sized array of that name, whose elements are `x_element` (`f32`, `f16`,
 * `i32`, `u32` or a vector of four). So `f32(x[i])` or `vec4f(x[i])` reads a float of either storage, and `y[i] = y_element(value)`
 * writes one. Uniforms are `u.name`. With a grid that is one number, `workgroup_index(...)` gives the index of the workgroup.
 */
export type Shader<Options = void> = {
  /** In the field's words; pipelines are known by it, and profiles show it. */
  readonly name: string;
  /** Those that `launch` is given no tensor for are left out. */
  bindings(options: Options): Readonly<Record<string, Access>>;
  readonly uniforms: Readonly<Record<string, UniformType>>;
  code(options: Options): string;
};

/** Group 0, binding 0; the buffers follow from binding 1 on. */
const UNIFORMS = 0;

/** The whole source of a shader for buffers with these elements. */
export function shaderSource<Options>(shader: Shader<Options>, options: Options, elements: ReadonlyMap<string, Element>): string {
  const bindings = Object.entries(shader.bindings(options)).filter(([name]) => elements.has(name));
  const code = shader.code(options);
  return [
    ...([...elements.values()].includes('f16') ? ['enable f16;'] : []),
    ...(/\bsubgroup(?!_matrix)[A-Z]/.test(code) ? ['enable subgroups;'] : []),
    ...(code.includes('subgroup_matrix') ? ['enable chromium_experimental_subgroup_matrix;'] : []),
    `struct Uniforms { ${Object.entries(shader.uniforms)
      .map(([name, type]) => `${name}: ${type}`)
      .join(', ')} }`,
    `@group(0) @binding(${UNIFORMS}) var<uniform> u: Uniforms;`,
    ...bindings.map(([name, access], index) => declaration(name, access, elements.get(name) as Element, index + 1)),
    'fn workgroup_index(id: vec3u, count: vec3u) -> u32 { return id.y * count.x + id.x; }',
    code,
  ].join('\n');
}

function declaration(name: string, access: Access, element: Element, index: number): string {
  const type = access.endsWith('4') ? `vec4<${element}>` : element;
  const mode = access.startsWith('read') ? 'read' : 'read_write';
  return `alias ${name}_element = ${type};\n@group(0) @binding(${index}) var<storage, ${mode}> ${name}: array<${type}>;`;
}

/** The uniforms as they lie in memory: every one is four bytes. */
export function uniformBytes(
  types: Readonly<Record<string, UniformType>>,
  values: Readonly<Record<string, number>>,
): ArrayBuffer {
  const names = Object.keys(types);
  // A uniform buffer holds whole blocks of 16 bytes.
  const view = new DataView(new ArrayBuffer(16 * Math.ceil(names.length / 4)));
  names.forEach((name, index) => {
    if (types[name] === 'u32') view.setUint32(4 * index, values[name], true);
    else view.setFloat32(4 * index, values[name], true);
  });
  return view.buffer;
}

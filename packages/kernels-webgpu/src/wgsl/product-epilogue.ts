import { type ActivationKind, activationFunctions } from './activation-functions.ts';

/** What is done to the sums of a product. All of it is `activation(scale sum + bias) + residual`. */
export type Epilogue = {
  /** Columns that are stored at once. */
  readonly width: 1 | 4;
  readonly scaled: boolean;
  readonly bias: boolean;
  readonly residual: boolean;
  readonly activation?: ActivationKind;
  /** Whether the derivative of the activation is stored too. */
  readonly derivative: boolean;
};

/**
 * `fn store(sum: f32 or vec4f, column: u32, at: u32)`: the epilogue of one sum, or of four neighbours; `at` counts the elements of `y`
 * (and `residual`, `derivative`, which are laid out alike).
 */
export function productEpilogue({ width, scaled, bias, residual, activation, derivative }: Epilogue): string {
  const type = width === 4 ? 'vec4f' : 'f32';
  const index = (name: string) => (width === 4 ? `${name} / 4` : name);
  const lines: string[] = [];
  if (scaled) lines.push('value *= u.scale;');
  if (bias) lines.push(`value += ${type}(bias[${index('column')}]);`);
  if (activation !== undefined) {
    const parts = width === 4 ? ['.x', '.y', '.z', '.w'] : [''];
    lines.push(...parts.map((part, i) => `let both${i} = activation(value${part});`));
    const joined = (component: string) => `${type}(${parts.map((_, i) => `both${i}.${component}`).join(', ')})`;
    if (derivative) lines.push(`derivative[${index('at')}] = derivative_element(${joined('y')});`);
    lines.push(`value = ${joined('x')};`);
  }
  if (residual) lines.push(`value += ${type}(residual[${index('at')}]);`);
  return `
${activation === undefined ? '' : activationFunctions(activation)}
fn store(sum: ${type}, column: u32, at: u32) {
  var value = sum;
  ${lines.join('\n  ')}
  y[${index('at')}] = y_element(value);
}`;
}

import { clone, mul, type Tensor, type Tensor2D, tidy } from '@tensorflow/tfjs-core';
import { filled, initParameters, normal, type ParameterShapes, type Rng, requireLastAxis, VitrailError } from '@vitrail/core';
import { linear, residualLinear } from '@vitrail/ops';
import { requireCount } from './require-count.ts';
import { requireName } from './require-name.ts';

/** AdaLink modules, one per modality. */
export type AdaLinkConfig = {
  /** d, the length of a token embedding, by modality: `{ image: 768, text: 512 }`. */
  readonly widths: Readonly<Record<string, number>>;
  /** r, the width between the two matrices. */
  readonly rank: number;
  /** The non-linearity between them; none by default. */
  readonly activation?: 'gelu' | 'relu';
  /** s, what the module's output is multiplied by; 1 by default. */
  readonly scale?: number;
};

/** The two matrices of one modality, without biases. */
export type AdaLinkModule = {
  /** `[d, r]`. */
  readonly down: Tensor2D;
  /** `[r, d]`. */
  readonly up: Tensor2D;
};

/** What AdaLink trains: modules by modality. The paths of the tensors are `adalink.MODALITY.down` and `adalink.MODALITY.up`. */
export type AdaLinkParams = { readonly adalink: Readonly<Record<string, AdaLinkModule>> };

/**
 * The shape of every parameter of {@link AdaLinkParams}: `2 d r` numbers per modality.
 *
 * @throws `invalid-argument` for a configuration that cannot be
 * @example countShapes(adaLinkShapes({ widths: { image: 4096, text: 4096 }, rank: 64 })) // 1048576
 */
export function adaLinkShapes(config: AdaLinkConfig): ParameterShapes {
  requireAdaLink('adaLinkShapes', config);
  const modules = Object.entries(config.widths).map(([modality, width]) => [
    modality,
    { down: [width, config.rank], up: [config.rank, width] },
  ]);
  return { adalink: Object.fromEntries(modules) };
}

/**
 * Fresh modules: `down` N(0, 0.02^2), `up` zeros, so that the tower is at first what it was.
 *
 * In the first step `down` has a gradient of exactly zero, because `up` is zero; from the second on both learn.
 *
 * @param rng each matrix draws from its own stream, named by its path
 * @returns the parameter tree, the caller's (`disposeTree`)
 * @throws `invalid-argument` for a configuration that cannot be
 * @see the initialisation is not in what is public of the paper: ours
 * @example initAdaLink({ widths: { text: 512 }, rank: 8 }, createRng(0)).adalink.text.down.shape // [512, 8]
 */
export function initAdaLink(config: AdaLinkConfig, rng: Rng): AdaLinkParams {
  requireAdaLink('initAdaLink', config);
  return initParameters(adaLinkShapes(config), rng, [
    ['**.down', normal(0.02)],
    ['**.up', filled(0)],
  ]) as AdaLinkParams;
}

/**
 * AdaLink: a residual bottleneck on token embeddings, the same for every position, in front of a frozen tower:
 * `E' = E + s phi(E W_down) W_up`.
 *
 * What comes back is one of the `onEmbeddings` of a tower. A modality without a module is left as it is.
 *
 * @param modality one of `config.widths`
 * @returns the function of embeddings `[..., d]` that gives `[..., d]`, the caller's
 * @throws `invalid-argument` for a configuration that cannot be; `unknown-name` for a modality that it does not have; `shape-mismatch` for a
 *   module, or later for embeddings, of another width
 * @see "Non-Intrusive Adaptation: Input-Centric Parameter-efficient Fine-Tuning for Versatile Multimodal Modeling", Wang et al. 2023
 *   (arXiv 2310.12100). No code was released; phi, biases, s and the initialisation are choices that the README lists
 * @example applyClipText(tower, params, ids, { onEmbeddings: { after: adaLink(config, tuned, 'text') } }).pooled.shape // [2, 512]
 */
export function adaLink(config: AdaLinkConfig, params: AdaLinkParams, modality: string): <T extends Tensor>(tokens: T) => T {
  const { activation, scale = 1 } = config;
  const own = adaLinkModule('adaLink', config, params, modality);
  return <T extends Tensor>(tokens: T) => {
    requireWidth('adaLink', config, modality, tokens);
    if (!own) return clone(tokens);
    return tidy(() => {
      const up = scale === 1 ? own.up : mul(own.up, scale);
      return residualLinear(linear(tokens, { kernel: own.down }, activation), { kernel: up }, tokens) as T;
    });
  };
}

/** The module of a modality, if there is one. Throws as {@link adaLink}. */
export function adaLinkModule(
  what: string,
  config: AdaLinkConfig,
  params: AdaLinkParams,
  modality: string,
): AdaLinkModule | undefined {
  requireAdaLink(what, config);
  requireName(what, 'modality', modality, Object.keys(config.widths));
  if (!Object.hasOwn(params.adalink, modality)) return undefined;
  const own = params.adalink[modality];
  const [width, { rank }] = [config.widths[modality], config];
  for (const [name, shape] of [['down', [width, rank]] as const, ['up', [rank, width]] as const]) {
    const came = own[name].shape;
    if (came.length === 2 && came.every((length, axis) => length === shape[axis])) continue;
    throw new VitrailError(
      'shape-mismatch',
      `${what}: adalink.${modality}.${name} is [${shape.join(', ')}] for width ${width} and rank ${rank}, but [${came.join(', ')}] came: use the configuration and the tower that it was trained with`,
    );
  }
  return own;
}

/** Throws `shape-mismatch` unless the last axis of the embeddings is as long as the configuration says. */
export function requireWidth(what: string, { widths }: AdaLinkConfig, modality: string, tokens: Tensor): void {
  requireLastAxis(what, 'embeddings', tokens);
  const width = tokens.shape[tokens.rank - 1];
  if (width === widths[modality]) return;
  throw new VitrailError(
    'shape-mismatch',
    `${what}: embeddings of modality ${modality} have width ${widths[modality]} in the configuration, but [${tokens.shape.join(', ')}] came`,
  );
}

function requireAdaLink(what: string, { widths, rank, scale = 1 }: AdaLinkConfig): void {
  requireCount(what, 'rank', rank);
  for (const [modality, width] of Object.entries(widths)) requireCount(what, `the width of modality ${modality}`, width);
  if (!Number.isFinite(scale) || scale === 0) {
    throw new VitrailError(
      'invalid-argument',
      `${what}: scale is a number other than 0, but ${scale} came: nothing would be learnt`,
    );
  }
}

import { concat, slice, type Tensor3D } from '@tensorflow/tfjs-core';
import { VitrailError } from '@vitrail/core';

/**
 * What is done to token embeddings on their way into the first block of a frozen tower: AdaLink, learned prompts. Nothing by default.
 *
 * The functions run inside the tower's `tidy`, in the forward pass, and gradients go through them. They may hand back what they were given.
 */
export type EmbeddingHooks = {
  /**
   * On what the patch projection gives, `[B, N, D]` without CLS tokens and before masks, or the token table, `[B, L, D]` before any scale:
   * positions come after. Gives the same shape.
   */
  readonly before?: (tokens: Tensor3D) => Tensor3D;
  /**
   * On what goes into the first block: with positions, CLS tokens and the first layer norm if there is one. Gives the same shape; in image
   * towers it may also add tokens, right after the CLS tokens, which blocks see and the tower does not give back.
   */
  readonly after?: (tokens: Tensor3D) => Tensor3D;
};

/**
 * The embeddings after the hook of this place, or as they are without one.
 *
 * @param options.mayAdd whether the hook may add tokens; false by default
 * @throws `shape-mismatch` for a hook that gives another shape
 */
export function hookEmbeddings(
  what: string,
  hooks: EmbeddingHooks | undefined,
  place: keyof EmbeddingHooks,
  tokens: Tensor3D,
  { mayAdd = false }: { mayAdd?: boolean } = {},
): Tensor3D {
  const hook = hooks?.[place];
  if (!hook) return tokens;
  const hooked = hook(tokens);
  const [batch, count, width] = tokens.shape;
  const fits = hooked.rank === 3 && hooked.shape[0] === batch && hooked.shape[2] === width;
  const added = hooked.shape[1] - count;
  if (!fits || added < 0 || (added > 0 && !mayAdd)) {
    throw new VitrailError(
      'shape-mismatch',
      `${what}: onEmbeddings.${place} got tokens of [${tokens.shape.join(', ')}] and gives the same shape${mayAdd ? ' or more tokens' : ''}, but [${hooked.shape.join(', ')}] came`,
    );
  }
  return hooked;
}

/** `[B, first + added + N, D]` without the tokens that a hook added after the first ones: `[B, first + N, D]`. */
export function withoutAdded(tokens: Tensor3D, first: number, added: number): Tensor3D {
  if (added === 0) return tokens;
  const [batch, count, width] = tokens.shape;
  const from = first + added;
  return concat([slice(tokens, [0, 0, 0], [batch, first, width]), slice(tokens, [0, from, 0], [batch, count - from, width])], 1);
}

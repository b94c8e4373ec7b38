import { VitrailError } from '@vitrail/core';
import { tipsPreparation } from '@vitrail/data';
import type { TextConfig } from '@vitrail/text';
import type { VitConfig } from '@vitrail/vit';
import type { ModelFamily, ModelHeader } from '../family.ts';
import { type Entry, type Naming, same, sideBySide, under } from '../naming.ts';
import { tensorShapes } from '../tensor-shapes.ts';
import { initTips, requireEqualWidths, type TipsModelConfig, tipsEncoders, tipsShapes } from './tips-tower.ts';

const VISION = 'encoder/ToTokenSequence_0';

/**
 * TIPS and TIPSv2 as scenic reads them: `tips_v2_b14_vision.npz` and `tips_v2_b14_text.npz`, read as one file since no name is in both.
 *
 * Everything about the towers is in the shapes, also the number of heads. GELU is its tanh approximation and layer norms have epsilon 1e-6, in the
 * text tower too. Deviation: for text, scenic's code builds 12 blocks whatever the size, but the file of So400m has 27: as many as there are
 * are read. Pictures are 32 x 32 patches unless the grid is neither 16 (TIPS) nor 32 (TIPSv2): nothing in the file of TIPS' low-resolution g tells
 * that it was made for 16 x 16.
 *
 * @see google-deepmind/tips, scenic/models/{tips,vit,text}.py
 */
export const tipsScenic: ModelFamily<TipsModelConfig> = {
  name: 'tips (scenic)',
  recognise,
  shapes: tipsShapes,
  naming: ({ vit, text }) => ({
    ...under('image', visionNaming(vit)),
    ...(text && under('text', textNaming(text))),
  }),
  ignored: ['temperature_contrastive', 'temperature'],
  init: initTips,
  encoders: tipsEncoders,
  vocabulary: 'tips',
  preparation: ({ vit }) => tipsPreparation(vit.imageSize),
};

function recognise({ tensors }: ModelHeader): TipsModelConfig | undefined {
  const shapes = tensorShapes(tipsScenic.name, tensors);
  const hasText = shapes.has('token_emb/emb_var');
  if (!shapes.has(`${VISION}/posembed_input`)) {
    if (!hasText) return undefined;
    throw new VitrailError(
      'invalid-argument',
      `${tipsScenic.name}: this is the text tower alone: name the file of the vision tower beside it, separated by a comma`,
    );
  }
  const config = { vit: readVision(shapes), ...(hasText && { text: readText(shapes) }) };
  requireEqualWidths(tipsScenic.name, config);
  return config;
}

type Shapes = ReturnType<typeof tensorShapes>;

function readVision(shapes: Shapes): VitConfig {
  const [patchSize, , , width] = shapes.of(`${VISION}/embedding/kernel`, 4);
  const [, positionGrid, columns] = shapes.of(`${VISION}/posembed_input`, 4);
  const [, clsTokens] = shapes.of(`${VISION}/cls`, 3);
  if (positionGrid !== columns) {
    throw new VitrailError(
      'invalid-argument',
      `${tipsScenic.name}: positions are on a square, but they are on ${positionGrid} x ${columns} patches`,
    );
  }
  const first = 'encoder/transformer/encoderblock_0';
  const [, heads] = shapes.of(`${first}/MultiHeadDotProductAttention_0/query/kernel`, 3);
  const isGated = shapes.has(`${first}/FFNSwiGluFused_0/Dense_0/kernel`);
  const [, hidden] = shapes.of(`${first}/${isGated ? 'FFNSwiGluFused_0' : 'MlpBlock_0'}/Dense_0/kernel`, 2);
  return {
    imageSize: patchSize * (positionGrid === 16 ? 32 : positionGrid),
    patchSize,
    width,
    depth: shapes.count('encoder/transformer/encoderblock_', '/LayerNorm_0/scale'),
    heads,
    mlp: { kind: isGated ? 'swiglu' : 'gelu-tanh', hidden },
    clsTokens,
    positionGrid,
    maskToken: false,
  };
}

function readText(shapes: Shapes): TextConfig {
  const [vocabularySize, width] = shapes.of('token_emb/emb_var', 2);
  const first = 'transformer/encoderblock_0';
  const [, heads] = shapes.of(`${first}/MultiHeadDotProductAttention_0/query/kernel`, 3);
  const [, mlpHidden] = shapes.of(`${first}/MlpBlock_0/Dense_0/kernel`, 2);
  const depth = shapes.count('transformer/encoderblock_', '/LayerNorm_0/scale');
  // Positions are computed: nothing in the file says how long texts are. Those that TIPS was trained with have 64 tokens.
  return { depth, heads, width, mlpHidden, maxTokens: 64, vocabularySize };
}

function visionNaming({ patchSize, positionGrid, clsTokens, width, depth, heads, mlp }: VitConfig): Naming {
  return {
    'patchEmbed.kernel': same(`${VISION}/embedding/kernel`, [patchSize, patchSize, 3, width]),
    'patchEmbed.bias': same(`${VISION}/embedding/bias`, [width]),
    position: same(`${VISION}/posembed_input`, [1, positionGrid, positionGrid, width]),
    cls: same(`${VISION}/cls`, [1, clsTokens, width]),
    ...blocksNaming('encoder/transformer', { depth, width, heads, mlp }),
    ...under('norm', normNaming('encoder/encoder_norm', width)),
  };
}

function textNaming({ vocabularySize, width, depth, heads, mlpHidden }: TextConfig): Naming {
  return {
    tokenEmbedding: same('token_emb/emb_var', [vocabularySize, width]),
    ...blocksNaming('transformer', { depth, width, heads, mlp: { kind: 'relu', hidden: mlpHidden } }),
    ...under('norm', normNaming('text_encoder_norm', width)),
  };
}

type Blocks = {
  readonly depth: number;
  readonly width: number;
  readonly heads: number;
  readonly mlp: { readonly kind: string; readonly hidden: number };
};

function blocksNaming(transformer: string, { depth, width, heads, mlp: { kind, hidden } }: Blocks): Naming {
  const headSize = width / heads;
  const blocks = Array.from({ length: depth }, (_, i) => {
    const block = `${transformer}/encoderblock_${i}`;
    const attention = `${block}/MultiHeadDotProductAttention_0`;
    const asked = ['query', 'key', 'value'].map((name) => `${attention}/${name}`);
    return under(`blocks.${i}`, {
      ...under('norm1', normNaming(`${block}/LayerNorm_0`, width)),
      'attn.qkv.kernel': packed(
        asked.map((name) => same(`${name}/kernel`, [width, heads, headSize])),
        width,
      ),
      'attn.qkv.bias': packed(
        asked.map((name) => same(`${name}/bias`, [heads, headSize])),
        width,
      ),
      'attn.proj.kernel': same(`${attention}/out/kernel`, [heads, headSize, width]),
      'attn.proj.bias': same(`${attention}/out/bias`, [width]),
      ...under('norm2', normNaming(`${block}/LayerNorm_1`, width)),
      ...under(
        'mlp',
        kind === 'swiglu' ? gatedNaming(`${block}/FFNSwiGluFused_0`, width, hidden) : mlpNaming(block, width, hidden),
      ),
    });
  });
  return Object.assign({}, ...blocks);
}

function mlpNaming(block: string, width: number, hidden: number): Naming {
  return {
    ...under('fc1', denseNaming(`${block}/MlpBlock_0/Dense_0`, width, hidden)),
    ...under('fc2', denseNaming(`${block}/MlpBlock_0/Dense_1`, hidden, width)),
  };
}

/** `Dense_0` is the gate, `Dense_1` the value. */
function gatedNaming(layer: string, width: number, hidden: number): Naming {
  const [gate, value] = ['Dense_0', 'Dense_1'].map((name) => denseNaming(`${layer}/${name}`, width, hidden));
  return {
    'w12.kernel': packed([gate.kernel, value.kernel], hidden),
    'w12.bias': packed([gate.bias, value.bias], hidden),
    ...under('w3', denseNaming(`${layer}/Dense_2`, hidden, width)),
  };
}

function denseNaming(name: string, inputs: number, outputs: number): Naming {
  return { kernel: same(`${name}/kernel`, [inputs, outputs]), bias: same(`${name}/bias`, [outputs]) };
}

function normNaming(name: string, width: number): Naming {
  return { scale: same(`${name}/scale`, [width]), bias: same(`${name}/bias`, [width]) };
}

function packed(entries: readonly Entry[], columns: number): Entry {
  return sideBySide(entries.map((entry) => ({ entry, columns })));
}

import type { Tensor } from '@tensorflow/tfjs-core';
import { encodeSafetensors, type TensorData } from '@vitrail/checkpoints';
import { type TensorTree, VitrailError } from '@vitrail/core';
import type { Tokenizer } from '@vitrail/text';
import type { VitConfig } from '@vitrail/vit';
import { tipsTorchText, tipsTorchVision } from '../families/tips-torch-naming.ts';
import { saveParameters } from '../load-parameters.ts';
import type { ExportableModel, ExportedModel } from './exportable.ts';
import { saveVision } from './save-vision.ts';

const activations = { gelu: 'gelu', 'gelu-tanh': 'gelu_pytorch_tanh', swiglu: 'gelu' } as const;

/**
 * A folder that `AutoModel.from_pretrained` of transformers reads as `Tipsv2Model`, and `AutoImageProcessor` with it: `config.json`,
 * `model.safetensors`, `preprocessor_config.json`, and the tokenizer where it is one of Hugging Face's or SentencePiece's.
 *
 * Everything that transformers can configure is written, so that it computes what this model computes: the kind of GELU and what is added
 * to variances among it. Positions come on the grid of the images; at other sizes transformers resizes them as `applyVit` does.
 *
 * @throws `invalid-argument` for what `Tipsv2Model` cannot be: a number of CLS tokens other than two
 * @see transformers, models/tipsv2
 */
export async function exportHuggingFace({ vit, text, params, tokenizer }: ExportableModel): Promise<ExportedModel> {
  if (vit.clsTokens !== 2) {
    throw new VitrailError(
      'invalid-argument',
      `Tipsv2Model has two CLS tokens, but this model has ${vit.clsTokens}: export it as vitrail`,
    );
  }
  const form = { positionGrid: vit.imageSize / vit.patchSize, maskToken: true, layerScale: true };
  const names = { prefix: 'vision_encoder.', mlp: ['fc1', 'fc2'] } as const;
  const temperature = await temperatureOf(params);
  const tensors: Record<string, TensorData> = {
    ...(await saveVision(vit, params.image as TensorTree, form, (config) => tipsTorchVision(config, names))),
    ...(await saveParameters(params.text as TensorTree, tipsTorchText(text, 'text_encoder.'))),
    ...(temperature !== undefined && { temperature: { dtype: 'F32', shape: [], values: Float32Array.of(temperature) } }),
  };
  const words = tokenizerFiles(tokenizer, text.maxTokens);
  return {
    files: {
      'config.json': json({
        architectures: ['Tipsv2Model'],
        model_type: 'tipsv2',
        dtype: 'float32',
        ...(temperature !== undefined && { temperature_init_value: temperature }),
        vision_config: {
          model_type: 'tipsv2_vision_model',
          image_size: vit.imageSize,
          patch_size: vit.patchSize,
          hidden_size: vit.width,
          num_hidden_layers: vit.depth,
          num_attention_heads: vit.heads,
          mlp_ratio: mlpRatio(vit),
          use_swiglu_ffn: vit.mlp.kind === 'swiglu',
          hidden_act: activations[vit.mlp.kind],
          layer_norm_eps: vit.epsilon ?? 1e-6,
          num_register_tokens: 1,
        },
        text_config: {
          model_type: 'tipsv2_text_model',
          vocab_size: text.vocabularySize,
          hidden_size: text.width,
          intermediate_size: text.mlpHidden,
          num_hidden_layers: text.depth,
          num_attention_heads: text.heads,
          max_position_embeddings: text.maxTokens,
          layer_norm_eps: text.epsilon ?? 1e-6,
        },
      }),
      'model.safetensors': encodeSafetensors(tensors, { format: 'pt' }),
      'preprocessor_config.json': json({
        image_processor_type: 'Tipsv2ImageProcessor',
        do_convert_rgb: true,
        do_resize: true,
        size: { height: vit.imageSize, width: vit.imageSize },
        resample: 2, // Bilinear.
        do_rescale: true,
        rescale_factor: 1 / 255,
        do_normalize: false,
      }),
      ...words.files,
    },
    notes: words.notes,
  };
}

/** `exp(-logitScale)`, where the model has one. */
async function temperatureOf({ logitScale }: TensorTree): Promise<number | undefined> {
  if (logitScale === undefined) return undefined;
  const [value] = await (logitScale as Tensor).data();
  return Math.exp(-value);
}

/** The `mlp_ratio` of which transformers makes this hidden width: `trunc(width ratio)`, of which SwiGLU takes two thirds, up to a multiple of 8. */
function mlpRatio({ width, mlp }: VitConfig): number {
  const nominal = mlp.kind === 'swiglu' ? Math.ceil((mlp.hidden * 3) / 2) : mlp.hidden;
  const ratio = nominal / width;
  // A quotient that is rounded down would lose one when it is truncated.
  const safe = Math.trunc(width * ratio) === nominal ? ratio : (nominal + 0.5) / width;
  const made =
    mlp.kind === 'swiglu' ? Math.ceil(Math.trunc((Math.trunc(width * safe) * 2) / 3) / 8) * 8 : Math.trunc(width * safe);
  if (made === mlp.hidden) return safe;
  throw new VitrailError(
    'invalid-argument',
    `Tipsv2Model rounds the hidden width of SwiGLU to a multiple of 8, but this model has ${mlp.hidden}: export it as vitrail`,
  );
}

function tokenizerFiles(tokenizer: Tokenizer | undefined, maxTokens: number): ExportedModel {
  if (tokenizer === undefined) return { files: {}, notes: ['the model came without a tokenizer: none is written'] };
  const description = tokenizer.toJSON() as { kind: string; tokenizer?: unknown; config?: object; model?: string };
  if (description.kind === 'huggingface') {
    const config = {
      tokenizer_class: 'PreTrainedTokenizerFast',
      ...padToken(description.tokenizer, tokenizer.padId ?? 0),
      ...description.config,
      model_max_length: maxTokens,
    };
    return { files: { 'tokenizer.json': json(description.tokenizer), 'tokenizer_config.json': json(config) }, notes: [] };
  }
  if (description.kind === 'sentencepiece' && description.model !== undefined) {
    const bytes = Uint8Array.from(atob(description.model), (character) => character.charCodeAt(0));
    return { files: { 'tokenizer.model': bytes }, notes: [] };
  }
  return {
    files: { 'vitrail_tokenizer.json': json(description) },
    notes: [
      `transformers has no tokenizer of the kind "${description.kind}": vitrail_tokenizer.json describes it. Train with one of ` +
        '`vitrail train-tokenizer` to have a tokenizer.json instead',
    ],
  };
}

/** The token that shorter texts are filled up with, if the file has one of that id: transformers pads with none that it is not told of. */
function padToken(file: unknown, padId: number): { pad_token?: string } {
  const { added_tokens: added = [] } = file as { added_tokens?: readonly { id: number; content: string }[] };
  const token = added.find(({ id }) => id === padId);
  return token === undefined ? {} : { pad_token: token.content };
}

function json(value: unknown): Uint8Array {
  return new TextEncoder().encode(`${JSON.stringify(value, null, 2)}\n`);
}

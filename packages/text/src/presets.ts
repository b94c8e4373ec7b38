import type { TextConfig } from './text.ts';

/** The sizes of text towers that TIPS and TIPSv2 come in, each as wide as the image tower of that name. */
export type TextPresetName = 'S' | 'B' | 'L' | 'So400m' | 'g';

/**
 * The text towers of TIPS and TIPSv2: 33.6M, 109.6M, 183.9M, 448.3M and 389.1M parameters, 32,000 token ids, 64 tokens.
 *
 * @see TIPSv2, arXiv 2604.12012; PyTorch `run_text_encoder_inference.py` (get_config). So400m has 27 blocks as there and as its published
 *   count says; scenic's code builds 12
 */
export const textPresets: Readonly<Record<TextPresetName, TextConfig>> = {
  S: tower({ width: 384, depth: 12, heads: 6, mlpHidden: 1536 }),
  B: tower({ width: 768, depth: 12, heads: 12, mlpHidden: 3072 }),
  L: tower({ width: 1024, depth: 12, heads: 16, mlpHidden: 4096 }),
  So400m: tower({ width: 1152, depth: 27, heads: 16, mlpHidden: 4304 }),
  g: tower({ width: 1536, depth: 12, heads: 24, mlpHidden: 6144 }),
};

function tower(size: Pick<TextConfig, 'width' | 'depth' | 'heads' | 'mlpHidden'>): TextConfig {
  return { ...size, maxTokens: 64, vocabularySize: 32000 };
}

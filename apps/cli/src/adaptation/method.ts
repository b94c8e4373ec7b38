import { type AdaptableTowers, type AdapterConfig, createAdapter, type Modality, rankForCount } from '@vitrail/adapt';
import { VitrailError } from '@vitrail/core';
import { requireChoice, requireWhole } from '@vitrail/train';

/** What `--method` takes. */
export const methodNames = ['adalink', 'lora', 'prompt', 'finetune', 'linear-probe'] as const;
/** What `--towers` takes. */
export const towerNames = ['image', 'text', 'both'] as const;
/** What `--place` takes. */
export const placeNames = ['after', 'before'] as const;
/** What `--activation` takes. */
export const activationNames = ['none', 'gelu', 'relu'] as const;

/** What is trained, and where: all that must be known to run an adapter again. */
export type MethodSettings = {
  readonly method: (typeof methodNames)[number];
  /** None with a linear probe, which trains neither tower. */
  readonly towers: readonly Modality[];
  /** Of AdaLink, LoRA and prompts: the rank, or the number of prompts. */
  readonly rank?: number;
  /** Of AdaLink. */
  readonly place?: (typeof placeNames)[number];
  readonly activation?: (typeof activationNames)[number];
};

/** The options of the command line that say so. */
export type MethodOptions = {
  method?: string;
  towers?: string;
  place?: string;
  activation?: string;
  rank?: number;
  parameters?: number;
};

const defaultRank = 8;

/** How fast each method learns when nobody says it; see the README. */
export const defaultLearningRates: Readonly<Record<MethodSettings['method'], number>> = {
  adalink: 1e-2,
  lora: 5e-3,
  prompt: 2e-2,
  finetune: 3e-4,
  'linear-probe': 2e-3,
};

/**
 * The method that options ask for. With `--parameters` the rank at which it trains as nearly as it can so many.
 *
 * @throws `invalid-argument` for names that are not there (with the nearest), a rank of 0, and options of another method
 */
export function settleMethod(options: MethodOptions): (towers: AdaptableTowers) => MethodSettings {
  const { method, rank, parameters } = options;
  if (method === undefined) throw new VitrailError('invalid-argument', `--method is one of ${methodNames.join(', ')}: name one`);
  const choose = <T extends string>(name: keyof MethodOptions, choices: readonly T[]): T => {
    const value = options[name] ?? choices[0];
    requireChoice(`--${name}`, String(value), choices);
    return value as T;
  };
  const name = choose('method', methodNames);
  const refuse = (given: readonly (keyof MethodOptions)[], others: string) => {
    const option = given.find((each) => options[each] !== undefined);
    if (option !== undefined) throw new VitrailError('invalid-argument', `--${option} goes with ${others}, not with ${name}`);
  };
  if (name !== 'adalink') refuse(['place', 'activation'], 'adalink');
  if (name === 'finetune' || name === 'linear-probe') refuse(['rank', 'parameters'], 'adalink, lora and prompt');
  if (name === 'linear-probe') refuse(['towers'], 'adalink, lora, prompt and finetune');
  if (rank !== undefined && parameters !== undefined)
    throw new VitrailError('invalid-argument', '--rank and --parameters both say how much is trained: name one of them');
  if (rank !== undefined) requireWhole('--rank', rank, 1);
  if (parameters !== undefined) requireWhole('--parameters', parameters, 1);

  if (name === 'linear-probe') return () => ({ method: name, towers: [] });
  const chosen = choose('towers', towerNames);
  const modalities: readonly Modality[] = chosen === 'both' ? ['image', 'text'] : [chosen];
  if (name === 'finetune') return () => ({ method: name, towers: modalities });
  const settings: MethodSettings = {
    method: name,
    towers: modalities,
    ...(name === 'adalink' && { place: choose('place', placeNames), activation: choose('activation', activationNames) }),
  };
  return (towers) => {
    if (parameters === undefined) return { ...settings, rank: rank ?? defaultRank };
    const matched = rankForCount(parameters, (rank) => createAdapter(adapterConfig({ ...settings, rank }), towers).shapes);
    return { ...settings, rank: matched };
  };
}

/** The same for `createAdapter`. There is none for a linear probe. */
export function adapterConfig({ method, towers, rank = defaultRank, place, activation }: MethodSettings): AdapterConfig {
  const modalities = towers;
  if (method === 'adalink') {
    const phi = activation === undefined || activation === 'none' ? undefined : activation;
    return { method, modalities, rank, place: place ?? 'after', ...(phi && { activation: phi }) };
  }
  if (method === 'lora') return { method, modalities, rank };
  if (method === 'prompt') return { method, modalities, count: rank };
  return { method: 'finetune', modalities };
}

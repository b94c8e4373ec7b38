import { disposeTree, flattenTree, type ParameterShapes, type TensorTree, VitrailError } from '@vitrail/core';
import type { ImagePreparation } from '@vitrail/data';
import { type EvaVitConfig, type EvaVitParams, evaVitShapes, initEvaVit } from '@vitrail/vit';
import type { ModelFamily } from '../family.ts';
import { same } from '../naming.ts';
import { evaEncoder } from './eva-tower.ts';
import { describedAs, type VitrailDescription } from './vitrail-metadata.ts';

/** A tower of EVA that was aligned with another model's image tower, and that model's text tower. */
export type AlignedModelConfig = VitrailDescription & {
  readonly kind: 'aligned';
  readonly tower: EvaVitConfig;
  readonly preparation: ImagePreparation;
  /** The family that the text tower is from, and its configuration there. */
  readonly text?: { readonly family: string; readonly config: unknown };
};

/**
 * Models of which the image tower was pretrained here in the space of another model (UTA): `image.*`, and `text.*` as that model's family has
 * it.
 *
 * @param families those that a text tower can be from
 */
export function vitrailAligned(families: readonly ModelFamily<unknown>[]): ModelFamily<AlignedModelConfig> {
  const textOf = ({ text }: AlignedModelConfig) => {
    if (text === undefined) return undefined;
    const family = families.find(({ name }) => name === text.family);
    if (family !== undefined) return { family, config: text.config };
    throw new VitrailError('corrupt-data', `its text tower is of the family "${text.family}", which there is not`);
  };
  const shapes = (config: AlignedModelConfig): ParameterShapes => {
    const text = textOf(config);
    return { image: evaVitShapes(config.tower), ...(text && { text: text.family.shapes(text.config).text }) };
  };
  return {
    name: 'vitrail (aligned)',
    recognise: ({ metadata }) => describedAs<AlignedModelConfig>('aligned', ['tower', 'preparation'], metadata),
    shapes,
    naming: (config) =>
      Object.fromEntries(Object.entries(flattenTree(shapes(config))).map(([path, shape]) => [path, same(path, shape)])),
    ignored: ['logitScale'],
    init: (config, rng): TensorTree => {
      const text = textOf(config);
      const image = initEvaVit(config.tower, rng.fork('image')) as unknown as TensorTree;
      if (text === undefined) return { image };
      const { text: own, ...others } = text.family.init(text.config, rng.fork('text'));
      disposeTree(others);
      return { image, text: own };
    },
    encoders: (config, params) => {
      const text = textOf(config);
      const { tower } = config;
      return {
        image: evaEncoder('a model that was aligned here', { tower, pooling: 'cls' }, params.image as unknown as EvaVitParams),
        ...(text && { text: text.family.encoders(text.config, params).text }),
      };
    },
    preparation: ({ preparation }) => preparation,
  };
}

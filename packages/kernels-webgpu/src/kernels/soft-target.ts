import type { TensorInfo } from '@tensorflow/tfjs-core';
import type { Device } from '../device.ts';
import { SOFT_TARGET_TILE, softTarget, softTargetJoin } from '../shaders/soft-target.ts';
import { softTargetGrad } from '../shaders/soft-target-grad.ts';
import type { KernelSet } from './kernel-set.ts';
import { product } from './product.ts';
import { zeros } from './zeros.ts';

/** Workgroups that keep a large device busy: with fewer tiles of tokens the prototypes are divided. */
const WORKGROUPS = 256;

type Inputs = Record<'features' | 'prototypes' | 'teacherFeatures' | 'teacherPrototypes', TensorInfo> & { center?: TensorInfo };
type Attributes = { studentTemperature: number; teacherTemperature: number; chunkTokens: number };

/**
 * `VitrailSoftTargetCrossEntropy` in one launch, or two where there are few tokens; no score is in memory. Its gradient in five launches for
 * every `chunkTokens` tokens (seven at most, where products are divided): scores of student and teacher, the gradient by the scores in
 * place of the student's, and its products; with the scores of one chunk in memory, and a second copy of the gradient by the prototypes
 * where there are several chunks. All in float32.
 */
export const softTargetKernels: KernelSet = (device) => ({
  VitrailSoftTargetCrossEntropy({ inputs, attrs }) {
    const { features, prototypes, teacherFeatures, teacherPrototypes, center } = inputs as Inputs;
    const { studentTemperature, teacherTemperature } = attrs as Attributes;
    const [tokens, studentWidth] = features.shape;
    const [teacherWidth, count] = teacherPrototypes.shape;
    const loss = device.output([tokens]);
    if (tokens === 0) return [loss];
    const tiles = Math.ceil(tokens / SOFT_TARGET_TILE);
    const blocks = Math.ceil(count / SOFT_TARGET_TILE);
    const blocksPerSplit = Math.ceil(blocks / Math.max(1, Math.floor(WORKGROUPS / tiles)));
    const splits = Math.ceil(blocks / blocksPerSplit);
    const whole = splits === 1;
    const y = whole ? loss : device.scratch(5 * splits * tokens);
    device.launch(
      softTarget,
      {
        studentVectors: studentWidth % 4 === 0,
        teacherVectors: teacherWidth % 4 === 0,
        prototypeVectors: count % 4 === 0,
        centred: center !== undefined,
        whole,
      },
      {
        student_features: features,
        student_prototypes: prototypes,
        teacher_features: teacherFeatures,
        teacher_prototypes: teacherPrototypes,
        center,
        y,
      },
      {
        tokens,
        prototypes: count,
        student_width: studentWidth,
        teacher_width: teacherWidth,
        splits,
        prototypes_per_split: blocksPerSplit * SOFT_TARGET_TILE,
        workgroups: tiles * splits,
        depth: 16,
        student_factor: 1 / studentTemperature,
        teacher_factor: 1 / teacherTemperature,
      },
      tiles * splits,
    );
    if (!whole) device.launch(softTargetJoin, undefined, { parts: y, loss }, { tokens, splits }, tiles);
    return [loss];
  },

  VitrailSoftTargetCrossEntropyGrad({ inputs, attrs }) {
    const { dy, ...pair } = inputs as Inputs & { dy: TensorInfo };
    return gradient(device, dy, pair, attrs as Attributes);
  },
});

/** `[dFeatures, dPrototypes]`. */
function gradient(
  device: Device,
  dy: TensorInfo,
  { features, prototypes, teacherFeatures, teacherPrototypes, center }: Inputs,
  { studentTemperature, teacherTemperature, chunkTokens }: Attributes,
): TensorInfo[] {
  const [tokens, width] = features.shape;
  const [teacherWidth, count] = teacherPrototypes.shape;
  const dFeatures = device.output(features.shape);
  if (tokens === 0) return [dFeatures, zeros(device, prototypes.shape)];
  const dPrototypes = device.output(prototypes.shape);
  const chunk = Math.min(tokens, chunkTokens);
  const chunks = Math.ceil(tokens / chunk);
  const scores = device.scratch(chunk * count);
  const teacherScores = device.scratch(chunk * count);
  // The sums so far go from one of the two to the other, last to what is given back.
  const places = [dPrototypes, chunks > 1 ? device.scratch(width * count) : dPrototypes];
  const vector = count % 4 === 0;
  const columns = vector ? count / 4 : count;
  const studentFactor = 1 / studentTemperature;
  for (let i = 0; i < chunks; i++) {
    const start = i * chunk;
    const length = Math.min(chunk, tokens - start);
    const sizes = { rows: length, columns: count };
    const chosen = { values: features, offset: start * width };
    product(device, chosen, { values: prototypes }, { values: scores }, { ...sizes, depth: width }, { scale: studentFactor });
    product(
      device,
      { values: teacherFeatures, offset: start * teacherWidth },
      { values: teacherPrototypes },
      { values: teacherScores },
      { ...sizes, depth: teacherWidth },
    );
    device.launch(
      softTargetGrad,
      { vector, centred: center !== undefined },
      { dy, scores, teacher: teacherScores, center },
      {
        tokens: length,
        columns,
        first_token: start,
        steps: 16,
        student_factor: studentFactor,
        teacher_factor: 1 / teacherTemperature,
      },
      length,
    );
    product(
      device,
      { values: scores },
      { values: prototypes, transpose: true },
      { values: dFeatures, offset: start * width },
      { rows: length, columns: width, depth: count },
      { divisible: true },
    );
    const remaining = chunks - 1 - i;
    product(
      device,
      { ...chosen, transpose: true },
      { values: scores },
      { values: places[remaining % 2] },
      { rows: width, columns: count, depth: length },
      { divisible: true, residual: i > 0 ? places[(remaining + 1) % 2] : undefined },
    );
  }
  return [dFeatures, dPrototypes];
}

import type { TensorInfo } from '@tensorflow/tfjs-core';
import type { Device } from '../device.ts';
import { Kernel } from '../kernel.ts';
import { packedBytes } from '../packed-bytes.ts';
import { MULTIPLY_SCRATCH_BYTES, ROW_BLOCK } from '../product-blocks.ts';
import { PROTOTYPE_COLUMNS, SCORE_COLUMNS } from '../soft-target-blocks.ts';
import type { KernelSet } from './kernel-set.ts';

type Inputs = Record<'features' | 'prototypes' | 'teacherFeatures' | 'teacherPrototypes', TensorInfo> & { center?: TensorInfo };
type Attributes = { studentTemperature: number; teacherTemperature: number };

/** Up to here a task has half as many tokens as a product packs at once (a tenth slower), so that there are more tasks. */
const FEW_TOKENS = 512;
/** Scores that the gradient keeps at a time (32 MiB), and the tokens it takes at least and at most. */
const CHUNK_SCORES = 2 ** 23;
const LEAST_CHUNK = 384;
const LARGEST_CHUNK = 1920;
/** Floats per token that the forward kernel keeps between blocks of prototypes. */
const STATISTICS = 5;

/**
 * `VitrailSoftTargetCrossEntropy` and its gradient. The forward kernel has the scores of a few tokens and prototypes at a time,
 * whatever their number; the gradient keeps those of a chunk of tokens. The chunk does not follow the attribute `chunkTokens`,
 * which is for the composition.
 */
export const softTargetKernels: KernelSet = (device) => ({
  VitrailSoftTargetCrossEntropy({ inputs, attrs }) {
    const { features, prototypes, teacherPrototypes } = inputs as Inputs;
    const [tokens, width] = features.shape;
    const loss = device.output([tokens]);
    const rowBlock = rowBlockFor(tokens);
    const scratch = MULTIPLY_SCRATCH_BYTES + 4 * rowBlock * (width + 2 * SCORE_COLUMNS + STATISTICS);
    withPacked(device, prototypes, false, (packed) => {
      withPacked(device, teacherPrototypes, false, (teacherPacked) => {
        const words = [
          ...inputWords(device, inputs as Inputs, packed, teacherPacked, 0, tokens),
          ...[rowBlock, device.address(loss), 0, 0, 0, 0, 0],
        ];
        device.launch(Kernel.SoftTarget, Math.ceil(tokens / rowBlock), words, factors(attrs as Attributes), scratch);
      });
    });
    return [loss];
  },

  VitrailSoftTargetCrossEntropyGrad({ inputs, attrs }) {
    const { dy, features, prototypes, teacherPrototypes } = inputs as Inputs & { dy: TensorInfo };
    const [tokens, width] = features.shape;
    const columns = prototypes.shape[1];
    const dFeatures = device.output([tokens, width]);
    const dPrototypes = device.output([width, columns]);
    const chunk = Math.min(tokens, chunkFor(columns));
    const rowBlock = rowBlockFor(chunk);
    const launch = (packed: number, teacherPacked: number, packedTurned: number, dScores: number) => {
      let first = 0;
      // Once also for no tokens: the gradient of the prototypes is 0 then.
      do {
        const end = Math.min(tokens, first + chunk);
        const words = [
          ...inputWords(device, inputs as Inputs, packed, teacherPacked, first, end),
          ...[rowBlock, device.address(dy), packedTurned, dScores, device.address(dFeatures), device.address(dPrototypes)],
          first > 0 ? 1 : 0,
        ];
        const scoresScratch = MULTIPLY_SCRATCH_BYTES + 4 * rowBlock * (width + columns);
        const scoresTasks = Math.ceil((end - first) / rowBlock);
        device.launch(Kernel.SoftTargetScores, scoresTasks, words, factors(attrs as Attributes), scoresScratch);
        const prototypesScratch = MULTIPLY_SCRATCH_BYTES + 4 * chunk * PROTOTYPE_COLUMNS;
        const prototypesTasks = Math.ceil(columns / PROTOTYPE_COLUMNS);
        device.launch(Kernel.SoftTargetPrototypes, prototypesTasks, words, [], prototypesScratch);
        first = end;
      } while (first < tokens);
    };
    withPacked(device, prototypes, false, (packed) =>
      withPacked(device, teacherPrototypes, false, (teacherPacked) =>
        withPacked(device, prototypes, true, (packedTurned) =>
          device.withMemory(4 * chunk * columns, (dScores) => launch(packed, teacherPacked, packedTurned, dScores)),
        ),
      ),
    );
    return [dFeatures, dPrototypes];
  },
});

/** The first words of the arguments, as in `assembly/soft-target/arguments.ts`. */
function inputWords(
  device: Device,
  { features, prototypes, teacherFeatures, center }: Inputs,
  packed: number,
  teacherPacked: number,
  firstToken: number,
  endToken: number,
): number[] {
  return [
    ...[device.address(features), device.address(teacherFeatures), packed, teacherPacked, device.addressIfAny(center)],
    ...[firstToken, endToken, features.shape[1], teacherFeatures.shape[1], prototypes.shape[1]],
  ];
}

function factors({ studentTemperature, teacherTemperature }: Attributes): number[] {
  return [1 / studentTemperature, 1 / teacherTemperature];
}

function rowBlockFor(tokens: number): number {
  return tokens < FEW_TOKENS ? ROW_BLOCK / 2 : ROW_BLOCK;
}

function chunkFor(prototypes: number): number {
  const tokens = Math.floor(CHUNK_SCORES / Math.max(1, prototypes) / ROW_BLOCK) * ROW_BLOCK;
  return Math.min(LARGEST_CHUNK, Math.max(LEAST_CHUNK, tokens));
}

/** `f` with a matrix, or its transpose, packed as the right-hand side of a product. */
function withPacked<T>(device: Device, matrix: TensorInfo, turned: boolean, f: (packed: number) => T): T {
  const [rows, columns] = matrix.shape;
  const [depth, width] = turned ? [columns, rows] : [rows, columns];
  return device.withMemory(packedBytes(width, depth), (packed) => {
    const strides = turned ? [columns, 1] : [1, columns];
    const words = [device.address(matrix), ...strides, width, depth, packed];
    device.launch(Kernel.PackPrototypes, Math.ceil(width / PROTOTYPE_COLUMNS), words);
    return f(packed);
  });
}

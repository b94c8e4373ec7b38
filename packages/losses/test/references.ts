import { readFileSync } from 'node:fs';
import { type Rank, type Tensor, type Tensor1D, type Tensor2D, tensor, tensor1d, tensor2d } from '@tensorflow/tfjs-core';
import type { PrototypeScores } from '@vitrail/ops';
import type { TeacherScores } from '../src/index.ts';

/** Rows that the published gold values belong to: entry i of a 4 x 5 matrix is `sin(seed + 0.7 i + 0.1 i^2 / 7)`. */
export function goldRows(seed: number): Tensor2D {
  const values = Float32Array.from({ length: 20 }, (_, i) => Math.sin(seed + 0.7 * i + (0.1 * i * i) / 7));
  return tensor2d(values, [4, 5]);
}

type Case = { loss: number; gradients: number[][] };

/** `contrastive.json`, made by OpenCLIP. */
export const contrastiveReference: {
  batch: number;
  width: number;
  images: number[];
  texts: number[];
  logitScale: [number];
  bias: [number];
  clip: Case;
  smoothed: Case;
  sigmoid: Case;
} = read('contrastive.json');

/** Images and texts of {@link contrastiveReference}, `[4, 5]`. */
export function referencePair(): [images: Tensor2D, texts: Tensor2D] {
  const { batch, width, images, texts } = contrastiveReference;
  return [tensor2d(images, [batch, width]), tensor2d(texts, [batch, width])];
}

type DistillationCase = {
  student: { features: number[]; prototypes: number[] };
  teacher: { features: number[]; prototypes: number[] };
  losses: number[];
  gradients: [features: number[], prototypes: number[]];
};

/** `self-distillation.json`, made by PyTorch. */
export const distillationReference: Record<
  'samples' | 'crops' | 'tokens' | 'width' | 'teacherWidth' | 'prototypes' | 'studentTemperature' | 'teacherTemperature',
  number
> & { center: number[]; mask: number[] } & Record<'dino' | 'ibot' | 'ibot++', DistillationCase> = read('self-distillation.json');

/** The scores of one case of {@link distillationReference}. */
export function referenceScores(name: 'dino' | 'ibot' | 'ibot++'): [student: PrototypeScores, teacher: TeacherScores] {
  const { width, teacherWidth, prototypes, studentTemperature, teacherTemperature, center } = distillationReference;
  const { student, teacher } = distillationReference[name];
  const scores = ({ features, prototypes: values }: typeof student, length: number, temperature: number) => ({
    features: tensor<Rank.R2>(features, [features.length / length, length]),
    prototypes: tensor<Rank.R2>(values, [length, prototypes]),
    temperature,
  });
  const target: Tensor1D = tensor1d(center);
  return [scores(student, width, studentTemperature), { ...scores(teacher, teacherWidth, teacherTemperature), center: target }];
}

/** `representation.json`, made by PyTorch: a loss per example, and the gradients of their mean. */
type RepresentationCase = {
  inputs: Record<string, { shape: number[]; values: number[] }>;
  losses: number[];
  gradients: Record<string, number[]>;
};

export const representationReference: Record<'labels' | 'affinity' | 'koLeo' | 'swaLip', RepresentationCase> & {
  simClr: RepresentationCase & { temperature: number };
  barlow: RepresentationCase & { offDiagonal: number };
  swav: RepresentationCase & { temperature: number; targetTemperature: number };
  sinkhorn: Record<'rows' | 'width' | 'count', number> & {
    features: number[];
    prototypes: number[];
    assignments: { temperature: number; iterations: number; values: number[] }[];
  };
  patches: {
    images: { shape: number[]; values: number[] };
    mask: number[];
    patches: number[];
    normalized: number[];
    mae: RepresentationCase;
    simMim: RepresentationCase;
  };
} = read('representation.json');

/** The tensors that a case of {@link representationReference} was made from, by name. */
export function inputsOf({ inputs }: RepresentationCase): Record<string, Tensor> {
  return Object.fromEntries(Object.entries(inputs).map(([name, { shape, values }]) => [name, tensor(values, shape, 'float32')]));
}

/** `uta.json`, made by UTA's own tower: 2 pictures of 16 patches and a CLS, of which a student kept 8; vectors of length 6. */
export const utaReference: Record<'keep' | 'teacher' | 'student' | 'losses' | 'gradient', number[]> = read('uta.json');

function read<T>(name: string): T {
  return JSON.parse(readFileSync(new URL(`../fixtures/${name}`, import.meta.url), 'utf8'));
}

import { clone, keep, mul, type NamedAttrMap, type Scalar, scalar, type Tensor, tidy, zeros } from '@tensorflow/tfjs-core';
import { flattenTree, type TensorTree, unflattenTree, VitrailError } from '@vitrail/core';
import { runOrCompose, valuesAreOnHost } from '@vitrail/ops';
import { decaysByDefault } from './decays-by-default.ts';
import type { KernelName } from './kernels.ts';
import type { Optimizer, OptimizerOptions } from './optimizer.ts';
import { requireAtLeast } from './require-range.ts';
import { isNaNIfKnown, unlessNaN } from './unless-nan.ts';

/** The tensors of an optimiser's state that belong to one parameter, by the name of the moment. */
export type Moments = Readonly<Record<string, Tensor>>;

/** What holds for one parameter at one step. */
export type TensorStep = {
  /** The number of this step, from 1. */
  t: number;
  /** The learning rate of this parameter. */
  rate: number;
  /** The weight decay of this parameter; 0 where it has none. */
  decay: number;
  /** A number on the device. Each is uploaded once per update, whatever the number of parameters. */
  constant: (value: number) => Scalar;
};

/** An optimiser without the tree around it: the arithmetic of one tensor, and the kernel that does it for all of them. */
export type TensorRule = {
  /** For messages. */
  name: string;
  /** The kernel that takes the place of `update` for all tensors together, where one is registered. */
  kernel: KernelName;
  /** The rule's own numbers, for the kernel. */
  settings: NamedAttrMap;
  /** Names and shapes of the moments of a parameter. */
  moments(shape: readonly number[]): Readonly<Record<string, readonly number[]>>;
  /** The new parameter and the new moments. Runs inside a tidy. */
  update(param: Tensor, grad: Tensor, moments: Moments, step: TensorStep): { param: Tensor; moments: Moments };
  /** What all gradients are multiplied by first: a new scalar that takes the place of the one given. */
  gradientScale?(grads: TensorTree, given: Scalar | undefined): Scalar;
};

/** One parameter at one step. */
type Task = { path: string; param: Tensor; grad: Tensor; moments: Moments; rate: number; decay: number };

/** The optimiser that applies a rule to every tensor of a tree: checks, rates, decay and memory are the same for all of them. */
export function treeOptimizer(
  rule: TensorRule,
  { learningRate, weightDecay = 0, decays = decaysByDefault, rateScale = () => 1 }: OptimizerOptions,
): Optimizer {
  requireAtLeast(`${rule.name}: weightDecay`, weightDecay, 0);
  const rateAt = typeof learningRate === 'number' ? () => learningRate : learningRate;
  if (typeof learningRate === 'number') requireAtLeast(`${rule.name}: learningRate`, learningRate, 0);

  return {
    init(params) {
      const flat = flattenTree<Tensor>(params);
      for (const [path, param] of Object.entries(flat)) requireFloat(rule.name, path, param);
      return unflattenTree(mapFlat(momentShapes(rule, flat), (shape) => zeros([...shape])));
    },

    update(grads, state, params, step, gradientScale) {
      if (!(Number.isSafeInteger(step) && step >= 0)) {
        throw new VitrailError('invalid-argument', `${rule.name}: step is a whole number of at least 0, but ${step} came`);
      }
      const rate = rateAt(step);
      requireAtLeast(`${rule.name}: the learning rate at step ${step}`, rate, 0);
      if (gradientScale !== undefined) requireTensor(rule.name, 'arguments', 'gradientScale', gradientScale, []);
      const flatParams = flattenTree<Tensor>(params);
      const flatGrads = flattenTree<Tensor>(grads);
      const flatState = flattenTree<Tensor>(state);
      const shapes = mapFlat(flatParams, (param) => param.shape);
      requireTensors(rule.name, 'parameters', flatParams, shapes);
      requireTensors(rule.name, 'gradients', flatGrads, shapes);
      requireTensors(rule.name, 'tensors of the state', flatState, momentShapes(rule, flatParams));

      const tasks = Object.entries(flatParams).map(([path, param]): Task => {
        const names = Object.keys(rule.moments(param.shape));
        return {
          path,
          param,
          grad: flatGrads[path],
          moments: Object.fromEntries(names.map((name) => [name, flatState[`${name}.${path}`]])),
          rate: rate * scaleOf(rule.name, rateScale, path),
          decay: weightDecay > 0 && decays(path, param) ? weightDecay : 0,
        };
      });
      const outputs = tidy(() => {
        if (gradientScale !== undefined && isNaNIfKnown(gradientScale)) return tasks.flatMap(olds).map((tensor) => clone(tensor));
        const scale = rule.gradientScale === undefined ? gradientScale : rule.gradientScale(grads, gradientScale);
        return updateAll(rule, tasks, step + 1, { scale, gate: gradientScale });
      });
      return toTrees(tasks, outputs);
    },
  };
}

/** A task's parameter and moments before the step. */
function olds({ param, moments }: Task): Tensor[] {
  return [param, ...Object.values(moments)];
}

/**
 * For each task in turn the new parameter and then the new moments, by the kernel for all of them if there is one. On a device the old
 * ones where the gate is NaN, to which kernels there look themselves: then so is the scale.
 */
function updateAll(
  rule: TensorRule,
  tasks: readonly Task[],
  t: number,
  { scale, gate }: { scale: Scalar | undefined; gate: Scalar | undefined },
): Tensor[] {
  const inputs = tasks.flatMap(({ param, grad, moments }, i): [string, Tensor][] => [
    [`param${i}`, param],
    [`gradient${i}`, grad],
    ...Object.entries(moments).map(([name, moment]): [string, Tensor] => [`${name}${i}`, moment]),
  ]);
  const attributes = {
    ...rule.settings,
    t,
    rates: tasks.map(({ rate }) => rate),
    decays: tasks.map(({ decay }) => decay),
  };
  return runOrCompose<KernelName>(rule.kernel, { gradientScale: scale, ...Object.fromEntries(inputs) }, attributes, () =>
    withConstants((constant) =>
      // A tidy per tensor, so that intermediate results of one parameter at a time are alive.
      tasks.flatMap((task) =>
        tidy(() => {
          const { param, grad, moments, rate, decay } = task;
          const scaled = scale === undefined ? grad : mul(grad, scale);
          const updated = rule.update(param, scaled, moments, { t, rate, decay, constant });
          const all = [updated.param, ...Object.keys(moments).map((name) => updated.moments[name])];
          return gate === undefined || valuesAreOnHost() ? all : unlessNaN(gate, all, olds(task));
        }),
      ),
    ),
  );
}

/** The trees of parameters and state from what {@link updateAll} gives. */
function toTrees(tasks: readonly Task[], outputs: readonly Tensor[]): { params: TensorTree; state: TensorTree } {
  const params: [string, Tensor][] = [];
  const state: [string, Tensor][] = [];
  let at = 0;
  for (const { path, moments } of tasks) {
    params.push([path, outputs[at++]]);
    for (const name of Object.keys(moments)) state.push([`${name}.${path}`, outputs[at++]]);
  }
  return {
    params: unflattenTree<Tensor>(Object.fromEntries(params)),
    state: unflattenTree<Tensor>(Object.fromEntries(state)),
  };
}

type Flat<T> = Readonly<Record<string, T>>;

function mapFlat<T, U>(flat: Flat<T>, transform: (value: T) => U): Record<string, U> {
  return Object.fromEntries(Object.entries(flat).map(([path, value]) => [path, transform(value)]));
}

/** The shape of every tensor of the state: the moment's name, then the parameter's path. */
function momentShapes(rule: TensorRule, params: Flat<Tensor>): Flat<readonly number[]> {
  return Object.fromEntries(
    Object.entries(params).flatMap(([path, { shape }]) =>
      Object.entries(rule.moments(shape)).map(([name, momentShape]) => [`${name}.${path}`, momentShape]),
    ),
  );
}

/** Calls `use` with a function that uploads each number once, and disposes them all after. */
function withConstants<T>(use: (constant: (value: number) => Scalar) => T): T {
  const constants = new Map<number, Scalar>();
  try {
    return use((value) => {
      const known = constants.get(value);
      if (known !== undefined) return known;
      const made = keep(scalar(value));
      constants.set(value, made);
      return made;
    });
  } finally {
    for (const constant of constants.values()) constant.dispose();
  }
}

function scaleOf(name: string, rateScale: (path: string) => number, path: string): number {
  const scale = rateScale(path);
  requireAtLeast(`${name}: rateScale of "${path}"`, scale, 0);
  return scale;
}

function requireFloat(name: string, path: string, tensor: Tensor): void {
  if (tensor.dtype === 'float32') return;
  throw new VitrailError('invalid-argument', `${name}: tensors are float32, but "${path}" is ${tensor.dtype}`);
}

/** Throws unless `tensors` has exactly the paths of `shapes`, with those shapes, in float32. */
function requireTensors(name: string, what: string, tensors: Flat<Tensor>, shapes: Flat<readonly number[]>): void {
  const missing = Object.keys(shapes).filter((path) => !Object.hasOwn(tensors, path));
  const extra = Object.keys(tensors).filter((path) => !Object.hasOwn(shapes, path));
  if (missing.length + extra.length > 0) {
    const list = (label: string, paths: string[]) => (paths.length > 0 ? ` ${label}: ${paths.slice(0, 5).join(', ')}.` : '');
    throw new VitrailError(
      'shape-mismatch',
      `${name}: the ${what} do not belong to these parameters.${list('Missing', missing)}${list('Unexpected', extra)}`,
    );
  }
  for (const [path, shape] of Object.entries(shapes)) requireTensor(name, what, path, tensors[path], shape);
}

function requireTensor(name: string, what: string, path: string, tensor: Tensor, shape: readonly number[]): void {
  requireFloat(name, path, tensor);
  if (tensor.shape.join() === shape.join()) return;
  throw new VitrailError(
    'shape-mismatch',
    `${name}: in the ${what}, "${path}" has the shape [${shape.join(', ')}], but [${tensor.shape.join(', ')}] came`,
  );
}

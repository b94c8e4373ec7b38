import { clone, Tensor } from '@tensorflow/tfjs-core';
import { mapTree, type TensorTree, VitrailError } from '@vitrail/core';
import { emaUpdate } from './ema-update.ts';
import { requireMomentum } from './momentum.ts';
import { ownPartsOf, type TeacherPart, type TeacherPolicy } from './teacher-policy.ts';

/** What a teacher runs on: the image encoder, and the heads that map its tokens to scores. */
export type TeacherParams = { readonly image: TensorTree; readonly heads: TensorTree };

/**
 * A teacher at the start: exact copies of those parts that are its own under the policy, and nothing else. With `heads` there is no second
 * encoder, not even for the first step.
 *
 * | policy   | the tree                                                      |
 * | -------- | ------------------------------------------------------------- |
 * | `full`   | `{ image, heads }`, copies                                    |
 * | `heads`  | `{ heads }`, a copy                                           |
 * | `none`   | `{}`                                                          |
 * | `frozen` | `{ image, heads }`, copies of those of the teacher given here |
 *
 * Copies are handles on the same numbers, which tfjs keeps until the last handle is disposed: they take no memory until the parameters
 * move away from them. Whoever writes into a tensor in place would write into both.
 *
 * @param params the student's parameters, of which `image` and `heads` are read; for `frozen` the loaded teacher's, whose sizes may differ
 * @returns a new tree, the caller's
 * @throws `unknown-name` for a policy that there is not
 * @see "TIPSv2", arXiv 2604.12012, section 3.4
 * @example Object.keys(initTeacher('heads', { image: { w: ones([8, 8]) }, heads: { w: ones([8, 4]) } })) // ['heads']
 */
export function initTeacher(policy: TeacherPolicy, params: TeacherParams): TensorTree {
  return copyTree(partsOf(params, ownPartsOf(policy), 'the parameters'));
}

/**
 * The `{ image, heads }` that the teacher runs on: its own parts from `teacher`, the others from the student's `params`. Nothing is copied
 * and nothing is to be disposed: the tensors stay those of the two trees.
 *
 * Nothing is detached either: a loss must send no gradient to its targets, or the shared parts would learn from them.
 *
 * @param teacher of the same policy, from {@link initTeacher} or {@link updateTeacher}; not looked at for `none`
 * @param params the student's parameters, of which `image` and `heads` are read
 * @throws `shape-mismatch` when `teacher` holds other parts than the policy says; `unknown-name` for a policy that there is not
 * @example teacherParams('heads', { heads: averaged }, { image, heads }) // { image: image, heads: averaged }
 */
export function teacherParams(policy: TeacherPolicy, teacher: TensorTree, params: TeacherParams): TeacherParams {
  return { image: params.image, heads: params.heads, ...ownTrees(policy, teacher) };
}

/**
 * The teacher after a step of the student: every averaged part moved on, `momentum * teacher + (1 - momentum) * params`. A `frozen` teacher
 * comes back as it was, in handles of its own, and `none` as `{}`, so that every policy is disposed of in the same way.
 *
 * @param teacher of the same policy; stays the caller's, to dispose when the new one is there; not looked at for `none`
 * @param params the student's parameters after the step; not looked at for `frozen`
 * @param momentum share of the old teacher that is kept, in [0, 1]; see `momentumSchedule`
 * @returns a new tree, the caller's
 * @throws `shape-mismatch` when `teacher` holds other parts than the policy says, or its shapes are not the student's;
 *   `invalid-argument` for a momentum outside [0, 1]; `unknown-name` for a policy that there is not
 * @see "TIPSv2", arXiv 2604.12012, section 3.4; the text encoder, the temperature and the centres have no part in it
 * @example Object.keys(updateTeacher('heads', teacher, params, 0.996)) // ['heads']
 */
export function updateTeacher(policy: TeacherPolicy, teacher: TensorTree, params: TeacherParams, momentum: number): TensorTree {
  requireMomentum('updateTeacher: momentum', momentum);
  const own = ownTrees(policy, teacher);
  return policy === 'frozen' ? copyTree(own) : emaUpdate(own, partsOf(params, ownPartsOf(policy), 'the parameters'), momentum);
}

type Parts = Readonly<Record<string, TensorTree>>;

/** The parts that a teacher holds itself, and no other: a second encoder that nothing uses would be memory lost in silence. */
function ownTrees(policy: TeacherPolicy, teacher: TensorTree): Parts {
  const own = ownPartsOf(policy);
  if (own.length === 0) return {};
  const others = Object.keys(teacher).filter((name) => !own.some((part) => part === name));
  if (others.length > 0) {
    throw new VitrailError(
      'shape-mismatch',
      `a teacher of policy "${policy}" holds ${own.join(' and ')} only, but this one also has ${others.join(', ')}; was it made for another policy?`,
    );
  }
  return partsOf(teacher, own, `a teacher of policy "${policy}"`);
}

function partsOf(tree: TensorTree, parts: readonly TeacherPart[], holder: string): Parts {
  return Object.fromEntries(
    parts.map((part) => {
      const subtree = tree[part];
      if (subtree === undefined || subtree instanceof Tensor) {
        const held = Object.keys(tree).join(', ') || 'nothing';
        throw new VitrailError('shape-mismatch', `${holder} must hold a tree named ${part}, but what came holds ${held}`);
      }
      return [part, subtree];
    }),
  );
}

function copyTree(tree: TensorTree): TensorTree {
  return mapTree(tree, (leaf) => clone(leaf));
}

import { memory, type Tensor, tensor1d, tidy } from '@tensorflow/tfjs-core';
import { disposeTree, flattenTree, type TensorTree } from '@vitrail/core';
import { expectClose, expectNoLeak, onBackend } from '@vitrail/testing';
import { describe, expect, it } from 'vitest';
import { initTeacher, teacherParams, updateTeacher } from './teacher.ts';
import type { TeacherPolicy } from './teacher-policy.ts';

/** A student whose every parameter is `value`, with a text tower that no teacher has. */
const student = (value: number) => ({
  image: { blocks: { 0: { kernel: tensor1d([value, value]) } }, cls: tensor1d([value]) },
  heads: { patch: { kernel: tensor1d([value, value, value]) } },
  text: { kernel: tensor1d([value]) },
});

const leavesOf = (tree: TensorTree) => Object.values(flattenTree<Tensor>(tree));
const pathsOf = (tree: TensorTree) => Object.keys(flattenTree<Tensor>(tree));
const expectAll = (tree: TensorTree, value: number) => {
  for (const leaf of leavesOf(tree)) expectClose(leaf, new Float32Array(leaf.size).fill(value));
};

const imagePaths = ['image.blocks.0.kernel', 'image.cls'];
const headPaths = ['heads.patch.kernel'];

/** By policy: what the teacher holds, and where its parts stand after one step from 1 towards 5 with momentum 0.75. */
const expectations = [
  { policy: 'full', own: [...imagePaths, ...headPaths], image: 2, heads: 2 },
  { policy: 'heads', own: headPaths, image: 5, heads: 2 },
  { policy: 'none', own: [], image: 5, heads: 5 },
  { policy: 'frozen', own: [...imagePaths, ...headPaths], image: 1, heads: 1 },
] as const satisfies { policy: TeacherPolicy; own: readonly string[]; image: number; heads: number }[];

onBackend(['cpu', 'wasm'], () => {
  describe.each(expectations)('a teacher of policy $policy', ({ policy, own, image, heads }) => {
    it('holds copies of what is its own and nothing else, and they outlive the parameters', () => {
      tidy(() => {
        const params = student(1);
        expectNoLeak(() => leavesOf(initTeacher(policy, params)));
        const teacher = initTeacher(policy, params);
        disposeTree(params);
        expect(pathsOf(teacher)).toEqual(own);
        expectAll(teacher, 1);
        disposeTree(teacher);
      });
    });

    it('runs on its own parts and the student that is current, without a copy', () => {
      tidy(() => {
        const [params, moved] = [student(1), student(5)];
        const teacher = initTeacher(policy, params);
        const before = memory().numTensors;
        const used = teacherParams(policy, teacher, moved);
        expect(memory().numTensors).toBe(before);
        expect(Object.keys(used)).toEqual(['image', 'heads']);
        const ownsImage = own.length === 3;
        expect(used.image).toBe(ownsImage ? teacher.image : moved.image);
        expect(used.heads).toBe(own.length > 0 ? teacher.heads : moved.heads);
      });
    });

    it('moves as the policy says, into a new tree that the old one can be disposed beside', () => {
      tidy(() => {
        const [params, moved] = [student(1), student(5)];
        const teacher = initTeacher(policy, params);
        expectNoLeak(() => leavesOf(updateTeacher(policy, teacher, moved, 0.75)));
        const next = updateTeacher(policy, teacher, moved, 0.75);
        expectAll(teacher, 1);
        disposeTree(teacher, params);
        expect(pathsOf(next)).toEqual(own);
        const used = teacherParams(policy, next, moved);
        expectAll(used.image, image);
        expectAll(used.heads, heads);
      });
    });
  });
});

it('takes a frozen teacher of other sizes and parts than the student', () => {
  tidy(() => {
    const loaded = { image: { kernel: tensor1d([1, 2, 3, 4]) }, heads: { cls: tensor1d([5]) } };
    const teacher = updateTeacher('frozen', initTeacher('frozen', loaded), student(9), 0.5);
    const used = teacherParams('frozen', teacher, student(9));
    expect(pathsOf(used)).toEqual(['image.kernel', 'heads.cls']);
    expectClose(leavesOf(used)[0], [1, 2, 3, 4], 0);
  });
});

it('does not need the empty tree of a policy that averages nothing: checkpoints do not keep it', () => {
  tidy(() => {
    const params = student(1);
    const restored: TensorTree = {};
    expect(teacherParams('none', restored.teacher as TensorTree, params).heads).toBe(params.heads);
    expect(updateTeacher('none', restored.teacher as TensorTree, params, 0.9)).toEqual({});
  });
});

it('refuses a teacher made for another policy: a second encoder would be carried for nothing, or one would be missing', () => {
  tidy(() => {
    const params = student(1);
    const message = 'a teacher of policy "heads" holds heads only, but this one also has image; was it made for another policy?';
    const wrong = expect.objectContaining({ code: 'shape-mismatch', message });
    expect(() => teacherParams('heads', initTeacher('full', params), params)).toThrow(wrong);
    expect(() => updateTeacher('heads', initTeacher('full', params), params, 0.9)).toThrow(wrong);
    const missing = 'a teacher of policy "full" must hold a tree named image, but what came holds heads';
    expect(() => teacherParams('full', initTeacher('heads', params), params)).toThrow(missing);
    expect(() => updateTeacher('full', initTeacher('heads', params), params, 0.9)).toThrow(missing);
  });
});

it('refuses parameters without heads, momenta outside [0, 1] and policies that there are not', () => {
  tidy(() => {
    const params = student(1);
    const { heads: _, ...headless } = params;
    expect(() => initTeacher('heads', headless as typeof params)).toThrow(
      'the parameters must hold a tree named heads, but what came holds image, text',
    );
    expect(() => updateTeacher('full', initTeacher('full', params), params, 2)).toThrow(
      'updateTeacher: momentum is a number from 0 to 1, but 2 came',
    );
    const unknown = 'a teacher policy is one of full, heads, none, frozen, but "head" came; did you mean "heads"?';
    expect(() => initTeacher('head' as TeacherPolicy, params)).toThrow(
      expect.objectContaining({ code: 'unknown-name', message: unknown }),
    );
    expect(() => teacherParams('head' as TeacherPolicy, {}, params)).toThrow(unknown);
    expect(() => initTeacher('toString' as TeacherPolicy, params)).toThrow('but "toString" came');
  });
});

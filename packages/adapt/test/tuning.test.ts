import { addN, mean, range, reshape, type Scalar, sin, squaredDifference, type Tensor } from '@tensorflow/tfjs-core';
import { constant, createRng, flattenTree, selectPaths } from '@vitrail/core';
import { adamw } from '@vitrail/optim';
import { onBackend } from '@vitrail/testing';
import { applyText } from '@vitrail/text';
import { createTrainStep, disposeState, initTrainState, type TrainProgram } from '@vitrail/train';
import { applyVit } from '@vitrail/vit';
import { expect, it } from 'vitest';
import {
  type AdaLinkParams,
  adaLink,
  initAdaLink,
  initLora,
  initPrompts,
  type LoraParams,
  mergeLora,
  type PromptParams,
  promptText,
} from '../src/index.ts';
import { smallTowers, text, vit } from './small-towers.ts';

type Towers = ReturnType<typeof smallTowers>['params'];
type Inputs = Omit<ReturnType<typeof smallTowers>, 'params'>;
type Params = Towers & AdaLinkParams & LoraParams & PromptParams;

const adaLinkConfig = { widths: { image: 12, text: 8 }, rank: 2, activation: 'gelu' } as const;
const loraConfig = { rank: 2 };

/** The towers and everything that a method may train. */
const initial = (towers: Towers): Params => ({
  ...towers,
  ...initAdaLink(adaLinkConfig, createRng(2)),
  ...initLora(loraConfig, towers, createRng(2)),
  ...initPrompts({ count: 2, widths: { text: 8 } }, createRng(2)),
});

/** CLS tokens or pooled texts, of towers with one method. */
const methods: Record<string, (params: Params, inputs: Inputs) => Tensor[]> = {
  adalink(params, { images, texts }) {
    const after = (modality: string) => ({ after: adaLink(adaLinkConfig, params, modality) });
    return [
      applyVit(vit, params.image, images, { onEmbeddings: after('image'), remat: true }).cls,
      applyText(text, params.text, texts, { onEmbeddings: after('text') }).pooled,
    ];
  },
  lora(params, { images, texts }) {
    const towers = mergeLora(loraConfig, { image: params.image, text: params.text }, params);
    return [applyVit(vit, towers.image, images).cls, applyText(text, towers.text, texts).pooled];
  },
  prompts(params, { texts }) {
    const prompted = promptText(text, params.prompts.text, texts);
    return [applyText(text, params.text, prompted.inputs, prompted).pooled];
  },
};

onBackend(['cpu', 'wasm'], () => {
  it.each(Object.entries(methods))('%s: steps move all that is learned, and no bit of anything else', async (name, apply) => {
    const { params: towers, ...inputs } = smallTowers();
    const program: TrainProgram<Params, Record<string, never>, Inputs> = {
      init: () => ({ params: initial(towers), carried: {} }),
      loss(params, _, batch) {
        const target = (x: Tensor) => reshape(sin(range(0, x.size)), x.shape);
        const losses = apply(params, batch).map((x) => mean<Scalar>(squaredDifference(x, target(x))));
        return { loss: addN(losses), metrics: {}, auxiliary: {} };
      },
      carry: () => ({}),
      trains: selectPaths(`${name}.**`),
    };
    const optimizer = adamw({ learningRate: constant(1e-2) });
    const step = createTrainStep({ program, optimizer });
    let state = initTrainState(program.init(createRng(0)), optimizer);
    const values = () =>
      Object.fromEntries(Object.entries(flattenTree<Tensor>(state.params)).map(([path, x]) => [path, x.dataSync().slice()]));
    const before = values();
    const losses: number[] = [];
    for (let i = 0; i < 3; i++) {
      const outcome = step(state, [inputs]);
      losses.push((await outcome.read()).metrics.loss);
      state = outcome.state;
    }
    for (const [path, after] of Object.entries(values())) {
      if (program.trains?.(path, 0)) expect(after, path).not.toEqual(before[path]);
      else expect(after, path).toEqual(before[path]);
    }
    expect(losses[2]).toBeLessThan(losses[0]);
    disposeState(state);
    for (const x of [inputs.images, inputs.mask, inputs.texts.ids, inputs.texts.padding]) x.dispose();
  });
});

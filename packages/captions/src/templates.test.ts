import { expect, it } from 'vitest';
import openClip from '../fixtures/templates.json' with { type: 'json' };
import { cifarTemplates, imagenetTemplates, simpleTemplates, tclTemplates } from './templates.ts';

it('has the 80 ImageNet templates of OpenCLIP, each once', () => {
  expect(imagenetTemplates).toHaveLength(80);
  expect([...imagenetTemplates].sort()).toEqual([...openClip.imagenet].sort());
});

it('has the 7 simple templates of OpenCLIP', () => {
  expect(simpleTemplates).toEqual(openClip.simple);
});

it('has the 9 templates of TCL, as the notebook of TIPSv2 lists them', () => {
  expect(tclTemplates).toEqual([
    'itap of a {}.',
    'a bad photo of the {}.',
    'a origami {}.',
    'a photo of the large {}.',
    'a {} in a video game.',
    'art of the {}.',
    'a photo of the small {}.',
    'a photo of many {}.',
    'a photo of {}s.',
  ]);
});

it("has the 18 CIFAR templates, in the order of CLIP's data/prompts.md", () => {
  expect(cifarTemplates).toEqual([
    'a photo of a {}.',
    'a blurry photo of a {}.',
    'a black and white photo of a {}.',
    'a low contrast photo of a {}.',
    'a high contrast photo of a {}.',
    'a bad photo of a {}.',
    'a good photo of a {}.',
    'a photo of a small {}.',
    'a photo of a big {}.',
    'a photo of the {}.',
    'a blurry photo of the {}.',
    'a black and white photo of the {}.',
    'a low contrast photo of the {}.',
    'a high contrast photo of the {}.',
    'a bad photo of the {}.',
    'a good photo of the {}.',
    'a photo of the small {}.',
    'a photo of the big {}.',
  ]);
});

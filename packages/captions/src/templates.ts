/**
 * The 7 ImageNet templates of CLIP that do best as a small set; SLIP uses them too.
 *
 * @see CLIP, arXiv 2103.00020, notebook "Prompt Engineering for ImageNet"; `SIMPLE_IMAGENET_TEMPLATES` of OpenCLIP
 */
export const simpleTemplates: readonly string[] = [
  'itap of a {}.',
  'a bad photo of the {}.',
  'a origami {}.',
  'a photo of the large {}.',
  'a {} in a video game.',
  'art of the {}.',
  'a photo of the small {}.',
];

/**
 * The 9 templates that zero-shot segmentation of TIPSv2 averages a class over: the seven above, and two for several of a kind.
 *
 * @see "TIPSv2", arXiv 2604.12012; the zero-shot segmentation notebook beside the released model, after TCL (arXiv 2212.00785)
 */
export const tclTemplates: readonly string[] = [...simpleTemplates, 'a photo of many {}.', 'a photo of {}s.'];

const articles = ['a', 'the'];

const media = [
  'a bad photo of',
  'a sculpture of',
  'a low resolution photo of',
  'a rendering of',
  'graffiti of',
  'a cropped photo of',
  'a tattoo of',
  'a bright photo of',
  'a dark photo of',
  'a drawing of',
  'a close-up photo of',
  'a black and white photo of',
  'a painting of',
  'a pixelated photo of',
  'a jpeg corrupted photo of',
  'a blurry photo of',
  'a photo of',
  'a good photo of',
  'a doodle of',
  'a sketch of',
  'a rendition of',
  'art of',
  'itap of',
];
const looks = ['hard to see', 'clean', 'dirty', 'cool', 'nice', 'weird', 'large', 'small'];
const materials = ['plastic', 'embroidered', 'origami', 'toy', 'cartoon', 'plushie'];

/**
 * The 80 ImageNet templates of CLIP, which CLIP-Rocket and UTA report with. The set is CLIP's; the order is that of its factors (an
 * average over templates does not depend on it).
 *
 * @see CLIP, arXiv 2103.00020, section 3.1.4; `OPENAI_IMAGENET_TEMPLATES` of OpenCLIP
 */
export const imagenetTemplates: readonly string[] = [
  ...articles.flatMap((article) => [
    ...media.map((medium) => `${medium} ${article} {}.`),
    ...looks.map((look) => `a photo of ${article} ${look} {}.`),
    ...materials.map((material) => `${article} ${material} {}.`),
    `${article} {} in a video game.`,
  ]),
  'a photo of many {}.',
  'a photo of my {}.',
  'a photo of one {}.',
  'itap of my {}.',
];

const qualities = ['', 'blurry ', 'black and white ', 'low contrast ', 'high contrast ', 'bad ', 'good '];

/**
 * The 18 templates of CLIP for CIFAR-10 and CIFAR-100, in CLIP's order.
 *
 * @see CLIP, arXiv 2103.00020; `data/prompts.md` of its repository
 */
export const cifarTemplates: readonly string[] = articles.flatMap((article) => [
  ...qualities.map((quality) => `a ${quality}photo of ${article} {}.`),
  `a photo of ${article} small {}.`,
  `a photo of ${article} big {}.`,
]);

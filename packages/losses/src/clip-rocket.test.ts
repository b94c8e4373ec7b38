import {
  add,
  div,
  engine,
  mean,
  mul,
  norm,
  type Scalar,
  scalar,
  sum,
  type Tensor1D,
  type Tensor2D,
  tidy,
  zeros,
} from '@tensorflow/tfjs-core';
import { expectClose, expectGradient, expectNoLeak, onBackend } from '@vitrail/testing';
import { expect, it } from 'vitest';
import { goldRows } from '../test/references.ts';
import { barLip } from './bar-lip.ts';
import { barlowTwins } from './barlow-twins.ts';
import { clipRocket } from './clip-rocket.ts';
import type { CrossModalViews } from './cross-modal-views.ts';
import { infoNce } from './info-nce.ts';
import { siamLip } from './siam-lip.ts';
import { swaLip } from './swa-lip.ts';

/** Views filled as in the gold fixtures: weak image and text, strong images, strong texts. */
function views(weakImage: number, weakText: number, strongImages: number[], strongTexts: number[]): CrossModalViews {
  return {
    weak: { images: goldRows(weakImage), texts: goldRows(weakText) },
    strong: { images: strongImages.map(goldRows), texts: strongTexts.map(goldRows) },
  };
}

const features = () => views(0.3, 1.1, [0.5, 2.0], [0.9, 2.6]);
const projections = () => views(3.1, 3.3, [3.5, 3.7], [3.9, 4.1]);
const predictions = () => views(4.3, 4.5, [4.7, 4.9], [5.1, 5.3]);
const momentumProjections = () => views(6.1, 6.3, [6.5, 6.7], [6.9, 7.1]);
const scales = () => ({ weak: scalar(Math.log(1 / 0.07)), strong: scalar(Math.log(10)) });
const strongPairs = ({ strong }: CrossModalViews) => strong as { images: [Tensor2D, Tensor2D]; texts: [Tensor2D, Tensor2D] };

/** The mean of CLIP-Rocket's loss of the features, without smoothing: what the other four add to. */
const base = () => mean<Scalar>(clipRocket(features(), scales()));

onBackend(['cpu', 'wasm'], () => {
  it('improved CLIP: gold values, plain and smoothed, averaged and summed', () => {
    tidy(() => {
      expectClose(base(), [3.35238023], 1e-6);
      expectClose(mul(2, base()), [6.70476045], 1e-6);
      const smoothed = mean(clipRocket(features(), scales(), { labelSmoothing: 0.1 }));
      expectClose(smoothed, [3.62101325], 1e-6);
      expectClose(mul(2, smoothed), [7.2420265], 1e-6);
    });
  });

  it('without strong views is CLIP', () => {
    tidy(() => {
      const { weak } = features();
      const plain = clipRocket({ weak, strong: { images: [], texts: [] } }, scales(), { labelSmoothing: 0.1 });
      expectClose(plain, infoNce(weak.images, weak.texts, scales().weak));
      expectClose(mean(plain), [(1.55753736 + 1.87807827) / 2], 1e-6);
    });
  });

  it('BarLIP: gold value of the term, of the total, and of a single pair', () => {
    tidy(() => {
      const term = mul(0.025, sum<Scalar>(barLip(projections())));
      expectClose(term, [0.0382981443], 1e-7);
      expectClose(add(base(), term), [3.3906783708], 1e-6);
      const unit = (seed: number) => mul<Tensor2D>(2, unitRows(goldRows(seed)));
      expectClose(mul(0.025, sum(barlowTwins(unit(0.3), unit(1.1)))), [0.0293765626], 1e-7);
    });
  });

  it('SiamLIP and BYOLIP: gold values of the terms and of the totals', () => {
    tidy(() => {
      const siam = mean<Scalar>(siamLip(predictions(), projections()));
      expectClose(siam, [1.290473747], 1e-6);
      expectClose(add(base(), siam), [4.6428539736], 1e-6);
      const byol = mean<Scalar>(siamLip(predictions(), momentumProjections()));
      expectClose(byol, [2.4566589005], 1e-6);
      expectClose(add(base(), byol), [5.809039127], 1e-6);
    });
  });

  it('SwALIP: gold value of the term and of the total', () => {
    tidy(() => {
      const term = mean<Scalar>(swaLip(strongPairs(features()), scales().strong));
      expectClose(term, [8.0338949693], 2e-6);
      expectClose(add(base(), mul(0.2, term)), [4.9591592204], 1e-6);
    });
  });

  it('has the gradients of finite differences, for every view and both temperatures', () => {
    tidy(() => {
      const inputs = [0.3, 1.1, 0.5, 2.0, 0.9, 2.6].map(goldRows);
      const { weak, strong } = { weak: scalar(1.2), strong: scalar(0.7) };
      expectGradient(
        (image, text, image0, image1, text0, text1, weakScale, strongScale) =>
          clipRocket(
            {
              weak: { images: image as Tensor2D, texts: text as Tensor2D },
              strong: { images: [image0, image1] as Tensor2D[], texts: [text0, text1] as Tensor2D[] },
            },
            { weak: weakScale as Scalar, strong: strongScale as Scalar },
            { labelSmoothing: 0.1 },
          ),
        [...inputs, weak, strong],
      );
    });
  });

  it('sends gradients to predictions only, and to both sides of BarLIP', () => {
    tidy(() => {
      const [p, v] = [predictions(), projections()];
      const targets = [v.weak.images, v.weak.texts, ...v.strong.images, ...v.strong.texts];
      const learned = [p.weak.images, p.weak.texts, ...p.strong.images, ...p.strong.texts];
      const gradients = (loss: () => Tensor1D, inputs: Tensor2D[]) =>
        engine().gradients(() => sum<Scalar>(loss()), inputs, undefined, true).grads as (Tensor2D | null)[];
      for (const gradient of gradients(() => siamLip(p, v), targets)) expect(gradient ?? null).toBeNull();
      for (const gradient of gradients(() => siamLip(p, v), learned))
        expect(Math.max(...(gradient as Tensor2D).dataSync())).toBeGreaterThan(0);
      for (const gradient of gradients(() => barLip(v), targets))
        expect(Math.max(...(gradient as Tensor2D).dataSync())).toBeGreaterThan(0);
    });
  });

  it('leaves nothing behind', () => {
    tidy(() => {
      const [z, v, p, scale] = [features(), projections(), predictions(), scales()];
      expectNoLeak(() => [
        clipRocket(z, scale, { labelSmoothing: 0.1 }),
        barLip(v),
        siamLip(p, v),
        swaLip(strongPairs(z), scale.strong),
      ]);
    });
  });
});

it('says what does not fit', () => {
  tidy(() => {
    const { weak, strong } = features();
    const [h] = strong.images;
    expect(() => clipRocket({ weak, strong: { images: [h], texts: [] } }, scales())).toThrow(
      'as many strong views of images as of texts, but 1 and 0 came',
    );
    expect(() => clipRocket({ weak, strong: { images: [h], texts: [zeros([4, 3])] } }, scales())).toThrow(
      'clipRocket: strong.texts is [4, 5], but [4, 3] came',
    );
    expect(() => clipRocket({ weak, strong: { images: [zeros([3, 5])], texts: [h] } }, scales())).toThrow(
      'strong.images is [4, 5]',
    );
    expect(() => clipRocket({ weak, strong }, scales(), { labelSmoothing: 2 })).toThrow(
      'labelSmoothing lies in [0, 1], but 2 came',
    );
    expect(() => barLip({ weak, strong: { images: [zeros([4, 3])], texts: [zeros([4, 3])] } })).toThrow(
      'barLip: strong.images is [4, 5], but [4, 3] came',
    );
    expect(() => siamLip(predictions(), { weak, strong: { images: [], texts: [] } })).toThrow(
      'as many strong views as predictions, 2, but 0 came',
    );
    expect(() => swaLip({ images: [h] as never, texts: [h, h] }, scalar(0))).toThrow(
      'two views of images and two of texts, but 1 and 2 came',
    );
    const gather = { rank: 0, rows: (own: Tensor2D) => own };
    expect(() => swaLip({ images: [h, h], texts: [h, h] }, scalar(0), { gather })).toThrow('both gather and allReduce');
    expect(() => barlowTwins(h, h, { offDiagonal: -1 })).toThrow('offDiagonal is at least 0, but -1 came');
    expect(() => barlowTwins(zeros([0, 5]), zeros([0, 5]))).toThrow('at least one row');
  });
});

function unitRows(x: Tensor2D): Tensor2D {
  return div(x, norm(x, 2, 1, true));
}

import {
  add,
  mean,
  mul,
  type Scalar,
  slice,
  squeeze,
  type Tensor1D,
  type Tensor2D,
  type Tensor3D,
  tidy,
} from '@tensorflow/tfjs-core';
import { infoNce } from '@vitrail/losses';

/**
 * The contrastive loss of a tower with C CLS tokens, each against a caption stream of its own:
 *
 * `L = 1/C sum_k mean_b infoNce(cls[:, k], texts of stream k)[b]`
 *
 * The streams are separate `[B, B]` problems: negatives never cross from one to the other. Temperature and text tower are shared.
 *
 * @param cls `[B, C, D]`
 * @param texts `[C B, D]`, stream by stream, each in the order of the pictures
 * @param logitScale `ln(1 / temperature)`
 * @returns a scalar, in nats; the caller's
 * @throws `shape-mismatch` when texts and CLS tokens do not pair up
 * @see "TIPSv2", arXiv 2604.12012, section 3.1 and appendix A.9
 * @example contrastiveLoss(ones([4, 2, 8]), ones([8, 8]), scalar(0)).shape // [], log(4)
 */
export function contrastiveLoss(cls: Tensor3D, texts: Tensor2D, logitScale: Scalar): Scalar {
  return meanOverStreams(cls, texts, (images, captions) => infoNce(images, captions, logitScale));
}

/**
 * The mean over pictures and caption streams of a loss between CLS token k, `[B, D]`, and the texts of stream k, `[B, D]`.
 *
 * @param cls `[B, C, D]`
 * @param texts `[C B, D]`, stream by stream
 * @param loss `[B, D], [B, D] -> [B]`
 * @returns a scalar, the caller's
 */
export function meanOverStreams(
  cls: Tensor3D,
  texts: Tensor2D,
  loss: (images: Tensor2D, captions: Tensor2D) => Tensor1D,
): Scalar {
  return tidy(() => {
    const [pictures, streams, width] = cls.shape;
    const perStream = Array.from({ length: streams }, (_, k) => {
      const captions = slice(texts, [k * pictures, 0], [pictures, width]); // [B, D]
      return mean<Scalar>(loss(clsToken(cls, k), captions));
    });
    const total = perStream.reduce((sum, value) => add(sum, value));
    return mul(total, 1 / streams);
  });
}

/** CLS token k of every picture: `[B, C, D] -> [B, D]`. */
export function clsToken(cls: Tensor3D, k: number): Tensor2D {
  const [pictures, , width] = cls.shape;
  return squeeze<Tensor2D>(slice(cls, [0, k, 0], [pictures, 1, width]), [1]);
}

#include <algorithm>
#include <cmath>
#include <vector>

#include "ops.h"
#include "threads.h"

namespace vitrail {

void LayerNorm(const Settings& settings, Call& call) {
  const Shape shape = call.InputShape(0);
  const float *x = call.Input(0), *scale = call.Input(1), *bias = call.Input(2);
  const int64_t width = shape[1];
  float *y = call.Output(0, shape), *means = call.Output(1, {shape[0], 1}), *inverses = call.Output(2, {shape[0], 1});
  if (call.Failed()) return;
  ForRows(shape[0], width, [&](int64_t begin, int64_t end) {
    for (int64_t row = begin; row < end; row++) {
      const float* from = x + row * width;
      float* to = y + row * width;
      float sum = 0, squares = 0;
      for (int64_t i = 0; i < width; i++) sum += from[i];
      const float mean = sum / width;
      for (int64_t i = 0; i < width; i++) squares += (from[i] - mean) * (from[i] - mean);
      const float inverse = 1.0f / std::sqrt(squares / width + settings.epsilon);
      for (int64_t i = 0; i < width; i++) to[i] = (from[i] - mean) * inverse * scale[i] + bias[i];
      means[row] = mean;
      inverses[row] = inverse;
    }
  });
}

void LayerNormGrad(const Settings&, Call& call) {
  const Shape shape = call.InputShape(1);
  const float *dy = call.Input(0), *x = call.Input(1), *scale = call.Input(2), *means = call.Input(3), *inverses = call.Input(4);
  const int64_t rows = shape[0], width = shape[1];
  float *dx = call.Output(0, shape), *d_scale = call.Output(1, {width}), *d_bias = call.Output(2, {width});
  if (call.Failed()) return;
  // Sums over rows are taken in blocks whose number does not depend on the threads, so that they are always the same.
  const int64_t blocks = std::max<int64_t>(1, std::min<int64_t>(16, rows / 16));
  std::vector<float> sums(2 * blocks * width, 0.0f);
  ForParts(blocks, 1 + kPart * blocks / (rows * width + 1), [&](int64_t begin, int64_t end) {
    for (int64_t block = begin; block < end; block++) {
      float *block_scale = sums.data() + 2 * block * width, *block_bias = block_scale + width;
      for (int64_t row = rows * block / blocks; row < rows * (block + 1) / blocks; row++) {
        const float *up = dy + row * width, *from = x + row * width;
        const float mean = means[row], inverse = inverses[row];
        float* to = dx + row * width;
        float total = 0, along = 0;
        for (int64_t i = 0; i < width; i++) {
          const float normal = (from[i] - mean) * inverse, scaled = up[i] * scale[i];
          total += scaled;
          along += scaled * normal;
          block_scale[i] += up[i] * normal;
          block_bias[i] += up[i];
        }
        total /= width;
        along /= width;
        for (int64_t i = 0; i < width; i++) {
          to[i] = inverse * (up[i] * scale[i] - total - (from[i] - mean) * inverse * along);
        }
      }
    }
  });
  std::fill(d_scale, d_scale + width, 0.0f);
  std::fill(d_bias, d_bias + width, 0.0f);
  for (int64_t block = 0; block < blocks; block++) {
    const float *block_scale = sums.data() + 2 * block * width, *block_bias = block_scale + width;
    for (int64_t i = 0; i < width; i++) {
      d_scale[i] += block_scale[i];
      d_bias[i] += block_bias[i];
    }
  }
}

}  // namespace vitrail

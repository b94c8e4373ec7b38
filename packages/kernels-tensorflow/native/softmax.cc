#include <algorithm>
#include <cmath>

#include "ops.h"
#include "threads.h"
#include "vector-functions.h"

namespace vitrail {

// Scores at and below this belong to masked keys.
constexpr float kMasked = -5e29f;

void Softmax(const Settings&, Call& call) {
  const Shape shape = call.InputShape(0);
  const float* scores = call.Input(0);
  const int64_t keys = shape.back();
  const Shape rows_shape(shape.begin(), shape.end() - 1);
  float *weights = call.Output(0, shape), *log_sums = call.Output(1, rows_shape);
  if (call.Failed()) return;
  ForRows(Call::Count(rows_shape), keys, [&](int64_t begin, int64_t end) {
    for (int64_t row = begin; row < end; row++) {
      const float* from = scores + row * keys;
      float* to = weights + row * keys;
      float top = from[0], sum = 0;
      for (int64_t i = 1; i < keys; i++) top = std::max(top, from[i]);
      for (int64_t i = 0; i < keys; i++) {
        to[i] = Exp(from[i] - top);
        sum += to[i];
      }
      // A query that sees no key has no weights, and 0 stands for its logarithm.
      const bool blind = top <= kMasked;
      const float inverse = blind ? 0.0f : 1.0f / sum;
      for (int64_t i = 0; i < keys; i++) to[i] *= inverse;
      log_sums[row] = blind ? 0.0f : top + std::log(sum);
    }
  });
}

void SoftmaxGrad(const Settings&, Call& call) {
  const Shape shape = call.InputShape(0);
  const float *scores = call.Input(0), *log_sums = call.Input(1), *d_weights = call.Input(2);
  const int64_t keys = shape.back();
  float *weights = call.Output(0, shape), *d_scores = call.Output(1, shape);
  if (call.Failed()) return;
  ForRows(Call::Count(shape) / std::max<int64_t>(1, keys), keys, [&](int64_t begin, int64_t end) {
    for (int64_t row = begin; row < end; row++) {
      const int64_t at = row * keys;
      float inner = 0;
      for (int64_t i = at; i < at + keys; i++) {
        weights[i] = Exp(scores[i] - log_sums[row]);
        inner += weights[i] * d_weights[i];
      }
      for (int64_t i = at; i < at + keys; i++) d_scores[i] = weights[i] * (d_weights[i] - inner);
    }
  });
}

}  // namespace vitrail

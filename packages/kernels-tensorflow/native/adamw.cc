#include <cmath>

#include "ops.h"
#include "threads.h"

namespace vitrail {

// Parameter, gradient, moments, the scale of the gradient, and `adamwNumbers` of src/adamw.ts.
void AdamW(const Settings&, Call& call) {
  const Shape shape = call.InputShape(0);
  const float *p = call.Input(0), *g = call.Input(1), *m = call.Input(2), *v = call.Input(3);
  const float *scales = call.Input(4), *numbers = call.Input(5);
  float *new_p = call.Output(0, shape), *new_m = call.Output(1, shape), *new_v = call.Output(2, shape);
  if (call.Failed()) return;
  const float scale = scales[0], kept = numbers[0], rate = numbers[1], epsilon = numbers[2];
  const float beta1 = numbers[3], new1 = numbers[4], beta2 = numbers[5], new2 = numbers[6];
  ForNumbers(Call::Count(shape), [&](int64_t begin, int64_t end) {
    for (int64_t i = begin; i < end; i++) {
      const float gradient = scale * g[i];
      const float first = beta1 * m[i] + new1 * gradient, second = beta2 * v[i] + new2 * gradient * gradient;
      new_m[i] = first;
      new_v[i] = second;
      new_p[i] = kept * p[i] - rate * first / (std::sqrt(second) + epsilon);
    }
  });
}

}  // namespace vitrail

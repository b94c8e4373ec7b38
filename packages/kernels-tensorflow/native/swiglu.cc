#include "activation-kinds.h"
#include "ops.h"
#include "threads.h"

namespace vitrail {

void Swiglu(const Settings&, Call& call) {
  const Shape shape = call.InputShape(0);
  const float *gate = call.Input(0), *value = call.Input(1);
  float* y = call.Output(0, shape);
  if (call.Failed()) return;
  ForNumbers(Call::Count(shape), [&](int64_t begin, int64_t end) {
    for (int64_t i = begin; i < end; i++) y[i] = Silu::Value(gate[i]) * value[i];
  });
}

void SwigluGrad(const Settings&, Call& call) {
  const Shape shape = call.InputShape(1);
  const float *dy = call.Input(0), *gate = call.Input(1), *value = call.Input(2);
  float *d_gate = call.Output(0, shape), *d_value = call.Output(1, shape);
  if (call.Failed()) return;
  ForNumbers(Call::Count(shape), [&](int64_t begin, int64_t end) {
    for (int64_t i = begin; i < end; i++) {
      d_gate[i] = dy[i] * value[i] * Silu::Slope(gate[i]);
      d_value[i] = dy[i] * Silu::Value(gate[i]);
    }
  });
}

}  // namespace vitrail

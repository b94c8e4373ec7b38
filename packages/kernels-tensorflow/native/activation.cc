#include "activation-kinds.h"
#include "ops.h"
#include "threads.h"

namespace vitrail {

void Activate(const Settings& settings, Call& call) {
  const Shape shape = call.InputShape(0);
  const float* x = call.Input(0);
  float* y = call.Output(0, shape);
  if (call.Failed()) return;
  ByKind(settings.kind, [&](auto f) {
    ForNumbers(Call::Count(shape), [&](int64_t begin, int64_t end) {
      for (int64_t i = begin; i < end; i++) y[i] = decltype(f)::Value(x[i]);
    });
  });
}

void ActivateGrad(const Settings& settings, Call& call) {
  const Shape shape = call.InputShape(1);
  const float *dy = call.Input(0), *x = call.Input(1);
  float* dx = call.Output(0, shape);
  if (call.Failed()) return;
  ByKind(settings.kind, [&](auto f) {
    ForNumbers(Call::Count(shape), [&](int64_t begin, int64_t end) {
      for (int64_t i = begin; i < end; i++) dx[i] = dy[i] * decltype(f)::Slope(x[i]);
    });
  });
}

void BiasActivate(const Settings& settings, Call& call) {
  const Shape shape = call.InputShape(0);
  const float *x = call.Input(0), *bias = call.Input(1);
  float *y = call.Output(0, shape), *sum = call.Output(1, shape);
  if (call.Failed()) return;
  const int64_t width = shape[1];
  ByKind(settings.kind, [&](auto f) {
    ForRows(shape[0], width, [&](int64_t begin, int64_t end) {
      for (int64_t row = begin; row < end; row++) {
        const int64_t at = row * width;
        for (int64_t i = 0; i < width; i++) {
          const float s = x[at + i] + bias[i];
          sum[at + i] = s;
          y[at + i] = decltype(f)::Value(s);
        }
      }
    });
  });
}

}  // namespace vitrail

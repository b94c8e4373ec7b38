// The ops. Everything is float32, matrices are row-major. What an op computes is the composition of the same name in
// src/composed-passes.ts; Swiglu is that of `@vitrail/ops`, AdamW that of `@vitrail/optim`. Results do not depend on the number
// of threads.
#pragma once
#include "call.h"

namespace vitrail {

void Activate(const Settings& settings, Call& call);
void ActivateGrad(const Settings& settings, Call& call);
void BiasActivate(const Settings& settings, Call& call);
void Swiglu(const Settings& settings, Call& call);
void SwigluGrad(const Settings& settings, Call& call);
void LayerNorm(const Settings& settings, Call& call);
void LayerNormGrad(const Settings& settings, Call& call);
void Softmax(const Settings& settings, Call& call);
void SoftmaxGrad(const Settings& settings, Call& call);
void AdamW(const Settings& settings, Call& call);

}  // namespace vitrail

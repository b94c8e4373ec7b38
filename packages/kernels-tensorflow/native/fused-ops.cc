// Ops for TensorFlow's CPU device, through its C API, that do in one pass over memory what compositions of its own ops do in four
// to thirteen. All .cc files of this folder are compiled into the addon of tfjs-node by `vitrail doctor --setup-tensorflow`; this
// one makes the ops known to TensorFlow when the addon is loaded.
#include <cstdint>
#include <cstdio>

#include "ops.h"
#include "tensorflow/c/kernels.h"
#include "tensorflow/c/ops.h"
#include "tensorflow/c/tf_status.h"

namespace vitrail {
namespace {

enum class Setting { kNone, kKind, kEpsilon };

template <Setting setting>
void* Create(TF_OpKernelConstruction* construction) {
  Settings* settings = new Settings();
  TF_Status* status = TF_NewStatus();
  if (setting == Setting::kKind) {
    int32_t kind = 0;
    TF_OpKernelConstruction_GetAttrInt32(construction, "kind", &kind, status);
    settings->kind = kind;
  }
  if (setting == Setting::kEpsilon) TF_OpKernelConstruction_GetAttrFloat(construction, "epsilon", &settings->epsilon, status);
  if (TF_GetCode(status) != TF_OK) TF_OpKernelConstruction_Failure(construction, status);
  TF_DeleteStatus(status);
  return settings;
}

void Delete(void* settings) { delete static_cast<Settings*>(settings); }

template <void (*op)(const Settings&, Call&)>
void Compute(void* settings, TF_OpKernelContext* context) {
  Call call(context);
  op(*static_cast<Settings*>(settings), call);
}

void AnyShape(TF_ShapeInferenceContext* context, TF_Status* status) { TF_ShapeInferenceContextSetUnknownShape(context, status); }

template <void (*op)(const Settings&, Call&), Setting setting = Setting::kNone>
void Register(const char* name, int inputs, int outputs) {
  TF_Status* status = TF_NewStatus();
  TF_OpDefinitionBuilder* definition = TF_NewOpDefinitionBuilder(name);
  char argument[32];
  for (int i = 0; i < inputs; i++) {
    std::snprintf(argument, sizeof argument, "input%d: float", i);
    TF_OpDefinitionBuilderAddInput(definition, argument);
  }
  for (int i = 0; i < outputs; i++) {
    std::snprintf(argument, sizeof argument, "output%d: float", i);
    TF_OpDefinitionBuilderAddOutput(definition, argument);
  }
  if (setting == Setting::kKind) TF_OpDefinitionBuilderAddAttr(definition, "kind: int");
  if (setting == Setting::kEpsilon) TF_OpDefinitionBuilderAddAttr(definition, "epsilon: float");
  TF_OpDefinitionBuilderSetShapeInferenceFunction(definition, AnyShape);
  TF_RegisterOpDefinition(definition, status);
  TF_RegisterKernelBuilder(name, TF_NewKernelBuilder(name, "CPU", Create<setting>, Compute<op>, Delete), status);
  if (TF_GetCode(status) != TF_OK) std::fprintf(stderr, "vitrail: the op %s could not be registered: %s\n", name, TF_Message(status));
  TF_DeleteStatus(status);
}

__attribute__((constructor)) void RegisterAll() {
  Register<Activate, Setting::kKind>("VitrailFusedActivate", 1, 1);
  Register<ActivateGrad, Setting::kKind>("VitrailFusedActivateGrad", 2, 1);
  Register<BiasActivate, Setting::kKind>("VitrailFusedBiasActivate", 2, 2);
  Register<Swiglu>("VitrailFusedSwiglu", 2, 1);
  Register<SwigluGrad>("VitrailFusedSwigluGrad", 3, 2);
  Register<LayerNorm, Setting::kEpsilon>("VitrailFusedLayerNorm", 3, 3);
  Register<LayerNormGrad>("VitrailFusedLayerNormGrad", 5, 3);
  Register<Softmax>("VitrailFusedSoftmax", 1, 2);
  Register<SoftmaxGrad>("VitrailFusedSoftmaxGrad", 3, 2);
  Register<AdamW>("VitrailFusedAdamW", 6, 3);
}

}  // namespace
}  // namespace vitrail

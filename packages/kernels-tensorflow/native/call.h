// What an op sees of TensorFlow: the tensors of one call, and its settings.
#pragma once
#include <cstdint>
#include <vector>

#include "tensorflow/c/kernels.h"
#include "tensorflow/c/tf_status.h"
#include "tensorflow/c/tf_tensor.h"

namespace vitrail {

using Shape = std::vector<int64_t>;

// Errors are kept until the end of the call, and reported then.
class Call {
 public:
  explicit Call(TF_OpKernelContext* context) : context_(context), status_(TF_NewStatus()) {}
  ~Call() {
    if (TF_GetCode(status_) != TF_OK) TF_OpKernelContext_Failure(context_, status_);
    for (TF_Tensor* tensor : tensors_) TF_DeleteTensor(tensor);
    TF_DeleteStatus(status_);
  }
  const float* Input(int index) {
    TF_Tensor* tensor = nullptr;
    TF_GetInput(context_, index, &tensor, status_);
    return static_cast<const float*>(Data(tensor));
  }
  Shape InputShape(int index) {
    TF_Tensor* tensor = nullptr;
    TF_GetInput(context_, index, &tensor, status_);
    Data(tensor);
    Shape shape;
    for (int i = 0; tensor != nullptr && i < TF_NumDims(tensor); i++) shape.push_back(TF_Dim(tensor, i));
    return shape;
  }
  float* Output(int index, const Shape& shape) {
    return static_cast<float*>(
        Data(TF_AllocateOutput(context_, index, TF_FLOAT, shape.data(), shape.size(), Count(shape) * sizeof(float), status_)));
  }
  bool Failed() const { return TF_GetCode(status_) != TF_OK; }
  static int64_t Count(const Shape& shape) {
    int64_t count = 1;
    for (int64_t length : shape) count *= length;
    return count;
  }

 private:
  void* Data(TF_Tensor* tensor) {
    if (tensor == nullptr) return nullptr;
    tensors_.push_back(tensor);
    return TF_TensorData(tensor);
  }
  TF_OpKernelContext* context_;
  TF_Status* status_;
  std::vector<TF_Tensor*> tensors_;
};

// The attributes of an op: one number or none.
struct Settings {
  int kind = 0;
  float epsilon = 0;
};

}  // namespace vitrail

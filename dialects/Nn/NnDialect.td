//===- NnDialect.td - The nn dialect -----------------------*- tablegen -*-===//
//
// Part of the Windrow Project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef WINDROW_DIALECTS_NN_NNDIALECT_TD
#define WINDROW_DIALECTS_NN_NNDIALECT_TD

include "mlir/IR/AttrTypeBase.td"
include "mlir/IR/EnumAttr.td"
include "mlir/IR/OpBase.td"

def Nn_Dialect : Dialect {
  let name = "nn";
  let cppNamespace = "::windrow::nn";
  let summary = "A convolutional network as a graph of kernel calls";
  let description = [{
    Each operation is one call of a kernel library such as XNNPACK. Shapes are
    static. Spatial activations are rank-4 tensors in the order batch, height,
    width, channels (NHWC) and filters are in the order output channel, height,
    width, input channel (OHWI), so that a range of rows of an image is one
    contiguous range of memory.

    An importer of a model in another order wraps spatial operations in
    `nn.transpose`; the pass `nn-convert-layout` removes these again and
    records the model's own order on the entry function's arguments and results
    as `nn.model_layout` ("NCHW" or "NHWC"). The names that these have in the
    model's own file are kept there as `nn.name`.
  }];
  let useDefaultAttributePrinterParser = 1;
  let hasOperationAttrVerify = 1;
  let hasRegionArgAttrVerify = 1;
  let hasRegionResultAttrVerify = 1;
}

//===----------------------------------------------------------------------===//
// Attributes
//===----------------------------------------------------------------------===//

class Nn_Attr<string name, string attrMnemonic, list<Trait> traits = []>
    : AttrDef<Nn_Dialect, name, traits> {
  let mnemonic = attrMnemonic;
}

def Nn_ClampAttr : Nn_Attr<"Clamp", "clamp"> {
  let summary = "Bounds that a kernel applies to its result";
  let description = [{
    The closed interval to which every element of a result is limited. A bound
    that is left out is infinite; at least one must be finite, and the lower one
    must be less than the upper one. A ReLU is `#nn.clamp<min = 0.0>`, a ReLU6
    is `#nn.clamp<min = 0.0, max = 6.0>`.
  }];
  let parameters = (ins APFloatParameter<"lower bound, f32">:$min,
                        APFloatParameter<"upper bound, f32">:$max);
  let builders = [
    AttrBuilder<(ins "float":$min, "float":$max), [{
      return $_get($_ctxt, ::llvm::APFloat(min), ::llvm::APFloat(max));
    }]>
  ];
  let extraClassDeclaration = [{
    float getMinValue() const { return getMin().convertToFloat(); }
    float getMaxValue() const { return getMax().convertToFloat(); }
    /// The bounds that result from applying `this` first and `next` to its
    /// result, or null where that is one value only.
    ClampAttr then(ClampAttr next) const;
  }];
  let hasCustomAssemblyFormat = 1;
  let genVerifyDecl = 1;
}

def Nn_ConvolutionAlgorithm
    : I32EnumAttr<"ConvolutionAlgorithm", "how a convolution is computed", [
        I32EnumAttrCase<"Direct", 0, "direct">,
        I32EnumAttrCase<"Winograd4x4", 1, "winograd4x4">,
        I32EnumAttrCase<"Winograd2x2", 2, "winograd2x2">
      ]> {
  let cppNamespace = "::windrow::nn";
  let genSpecializedAttr = 0;
}

def Nn_ConvolutionAlgorithmAttr
    : EnumAttr<Nn_Dialect, Nn_ConvolutionAlgorithm, "algorithm"> {
  let summary = "How a convolution is computed";
  let description = [{
    `direct` sums products of the elements. `winograd4x4` and `winograd2x2`
    compute tiles of 4x4 or 2x2 outputs from transformed filters and images, in
    2.25 to 4 times fewer multiplications, and round otherwise; the filter must
    be 3x3, strides and dilations 1, and groups 1. Tiles begin at the first row,
    so that a range of rows has the same bits as the whole only if it is
    computed in whole tiles; `RowWindowOpInterface` sees to that.
  }];
  let assemblyFormat = "`<` $value `>`";
}

def Nn_WeightStorage
    : I32EnumAttr<"WeightStorage", "how weights are stored", [
        I32EnumAttrCase<"F32", 0, "f32">,
        I32EnumAttrCase<"BF16", 1, "bf16">,
        I32EnumAttrCase<"F16", 2, "f16">
      ]> {
  let cppNamespace = "::windrow::nn";
  let genSpecializedAttr = 0;
}

def Nn_WeightStorageAttr
    : EnumAttr<Nn_Dialect, Nn_WeightStorage, "storage"> {
  let summary = "How weights are stored";
  let description = [{
    Elements are rounded to the nearest number of this type, to the even one of
    two, and used as f32. `bf16` has the range of `f32` and 8 bits of precision,
    `f16` has 11 bits, and nothing above 65504.
  }];
  let assemblyFormat = "`<` $value `>`";
}

#endif // WINDROW_DIALECTS_NN_NNDIALECT_TD

// RUN: rm -rf %t && mkdir %t
// RUN: %python %S/Inputs/npy.py write %t/image.npy 1 3 1 2
// RUN: %python %S/Inputs/npy.py write %t/vector.npy 2

// RUN: windrow-interpret %s --input=%t/image.npy --input=%t/vector.npy \
// RUN:   --output=%t/sum.npy --output=%t/weights.npy
// RUN: %python %S/Inputs/npy.py show %t/sum.npy | FileCheck %s --check-prefix=SUM
// RUN: %python %S/Inputs/npy.py show %t/weights.npy | FileCheck %s --check-prefix=WEIGHTS
// SUM: [1, 3, 1, 2] [2.0, 4.0, 6.0, 8.0, 10.0, 12.0]
// WEIGHTS: [2] [2.0, 4.0]

// Bytecode holds the weights where they are aligned in the file.
// RUN: windrow-opt %s --emit-bytecode -o %t/model.mlirbc
// RUN: windrow-interpret %t/model.mlirbc --input=%t/image.npy --input=%t/vector.npy \
// RUN:   --output=%t/sum2.npy --output=%t/weights2.npy
// RUN: cmp %t/sum.npy %t/sum2.npy
// RUN: cmp %t/weights.npy %t/weights2.npy

func.func @main(%x: tensor<1x1x2x3xf32> {nn.model_layout = "NCHW"}, %v: tensor<2xf32>)
    -> (tensor<1x1x2x3xf32> {nn.model_layout = "NCHW"}, tensor<2xf32>) {
  %0 = nn.add %x, %x
     : (tensor<1x1x2x3xf32>, tensor<1x1x2x3xf32>) -> tensor<1x1x2x3xf32>
  %w = nn.constant dense_resource<weights> : tensor<2xf32> : tensor<2xf32>
  %1 = nn.add %v, %w : (tensor<2xf32>, tensor<2xf32>) -> tensor<2xf32>
  return %0, %1 : tensor<1x1x2x3xf32>, tensor<2xf32>
}
{-#
  dialect_resources: { builtin: { weights: "0x040000000000803F00000040" } }
#-}

// RUN: not windrow-interpret %t/no.mlir 2>&1 | FileCheck %s --check-prefix=NO-MODEL
// NO-MODEL: windrow-interpret: error: {{.*}}no.mlir: No such file or directory

// RUN: not windrow-interpret %s --input=%t/no.npy 2>&1 | FileCheck %s --check-prefix=NO-INPUT
// NO-INPUT: windrow-interpret: error: {{.*}}no.npy: file cannot be read

// RUN: not windrow-interpret %s --input=%t/image.npy 2>&1 | FileCheck %s --check-prefix=INPUTS
// INPUTS: error: 'func.func' op must be given 2 inputs, got 1

// RUN: not windrow-interpret %s --input=%t/image.npy --input=%t/vector.npy --output=%t/one.npy 2>&1 \
// RUN:   | FileCheck %s --check-prefix=OUTPUTS
// RUN: not test -e %t/one.npy
// OUTPUTS: windrow-interpret: error: --output must be given 2 times, once for each result, got 1

// RUN: windrow-interpret --help | FileCheck %s --check-prefix=HELP
// HELP: OVERVIEW: Runs a model in IR on tensors, in plain loops
// HELP: windrow-interpret model.mlir --input=image.npy --output=logits.npy
// HELP: --input=<file.npy>
// HELP: --output=<file.npy>

// Each failure is one message, exit status 1, and leaves no output.

// RUN: not windrow-compile %s 2>&1 | FileCheck %s --check-prefix=NO-OUTPUT
// NO-OUTPUT: windrow-compile: error: -o must name the folder of the plan

// RUN: rm -rf %t.plan
// RUN: not windrow-compile %s -o %t.plan 2>&1 | FileCheck %s --check-prefix=NO-CLUSTER
// NO-CLUSTER: error: a cluster file must be given (--cluster=FILE) to go beyond the phase 'graph'
// RUN: not ls %t.plan

// RUN: not windrow-compile %t.absent.onnx --compile-to=import 2>&1 | FileCheck %s --check-prefix=NO-MODEL
// NO-MODEL: absent.onnx{{.*}}No such file

// RUN: not windrow-compile %t.absent.mlir --compile-to=import 2>&1 | FileCheck %s --check-prefix=NO-IR
// NO-IR: absent.mlir{{.*}}No such file

// RUN: not windrow-compile %s --cluster=%t.absent.yaml -o %t.plan 2>&1 | FileCheck %s --check-prefix=NO-YAML
// NO-YAML: absent.yaml: error: cluster file cannot be read

// RUN: not windrow-compile %s --costs=%t.absent.json --cluster=%S/Inputs/three.yaml -o %t.plan 2>&1 | FileCheck %s --check-prefix=NO-COSTS
// NO-COSTS: absent.json: error: cost table cannot be read

// RUN: not windrow-compile %s --strategy=magic --cluster=%S/Inputs/three.yaml -o %t.plan 2>&1 | FileCheck %s --check-prefix=STRATEGY
// STRATEGY: for the --strategy option: Cannot find option named 'magic'!

// RUN: not windrow-compile %s --labels=%S/Inputs/two-labels.txt --cluster=%S/Inputs/three.yaml -o %t.plan 2>&1 | FileCheck %s --check-prefix=LABELS
// LABELS: two-labels.txt: error: file of labels must hold 4 lines, one for each class of the model, got 2

// RUN: not windrow-compile %s --labels=%t.absent --cluster=%S/Inputs/three.yaml -o %t.plan 2>&1 | FileCheck %s --check-prefix=NO-LABELS
// NO-LABELS: absent: error: No such file or directory

// RUN: not windrow-compile %s --image-mean=0.5 --cluster=%S/Inputs/three.yaml -o %t.plan 2>&1 | FileCheck %s --check-prefix=NO-STD
// NO-STD: error: --image-mean and --image-std must be given together

// RUN: not windrow-compile %s --image-grey --cluster=%S/Inputs/three.yaml -o %t.plan 2>&1 | FileCheck %s --check-prefix=NO-MEAN
// NO-MEAN: error: --image-grey must come with --image-mean and --image-std

// RUN: not windrow-compile %s --image-mean=0.5 --image-std=0.5 --cluster=%S/Inputs/three.yaml -o %t.plan 2>&1 | FileCheck %s --check-prefix=CHANNELS
// CHANNELS: error: image mean must have one value for each of 2 channels, got 1

// RUN: not windrow-compile %s --image-mean=0.5,0.5 --image-std=0.5,0 --cluster=%S/Inputs/three.yaml -o %t.plan 2>&1 | FileCheck %s --check-prefix=DEVIATION
// DEVIATION: error: image deviation must be positive, got 0

// RUN: not windrow-compile %s --input-shape=1,x,3 --cluster=%S/Inputs/three.yaml -o %t.plan 2>&1 | FileCheck %s --check-prefix=SHAPE
// SHAPE: error: --input-shape: an input shape must be '1,3,224,224' or 'NAME:1,3,224,224' with positive numbers, got '1,x,3'

// RUN: echo 'func.func @main(%x: tensor<1x2xf32>) -> tensor<1x2xf32> { return %x : tensor<1x2xf32> }' > %t.identity.mlir
// RUN: not windrow-compile %t.identity.mlir --cluster=%S/Inputs/three.yaml -o %t.plan 2>&1 | FileCheck %s --check-prefix=NOTHING
// NOTHING: error: must have work for at least one device
// NOTHING-NOT: {{.}}

// RUN: rm -rf %t.full && mkdir %t.full && echo x > %t.full/note.txt
// RUN: not windrow-compile %s --cluster=%S/Inputs/three.yaml -o %t.full 2>&1 | FileCheck %s --check-prefix=FULL
// FULL: error: output folder must be absent, empty or hold a plan, got '{{.*}}full'
// RUN: ls %t.full | FileCheck %s --check-prefix=UNTOUCHED
// UNTOUCHED: note.txt
// UNTOUCHED-NOT: {{.}}
// RUN: not ls %t.plan

func.func @main(%x: tensor<1x8x8x2xf32>) -> tensor<1x8x8x4xf32> {
  %f = nn.constant dense<0.25> : tensor<4x3x3x2xf32> : tensor<4x3x3x2xf32>
  %0 = nn.conv_2d %x, %f {pads = array<i64: 1, 1, 1, 1>}
     : (tensor<1x8x8x2xf32>, tensor<4x3x3x2xf32>) -> tensor<1x8x8x4xf32>
  return %0 : tensor<1x8x8x4xf32>
}

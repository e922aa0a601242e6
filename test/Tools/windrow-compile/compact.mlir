// What --compact does, step by step, and what it refuses.

// RUN: windrow-compile %s --compact=bottleneck:r=4:min-channels=2:attention=none,dense:rank=2 --compile-to=graph 2>%t.remarks | FileCheck %s
// RUN: FileCheck %s --check-prefix=REMARKS < %t.remarks
// CHECK: nn.conv_2d {{.*}} -> tensor<1x8x8x2xf32>
// CHECK: nn.conv_2d {{.*}} -> tensor<1x4x4x4xf32>
// CHECK: nn.conv_2d {{.*}} -> tensor<1x4x4x16xf32>
// CHECK: nn.fully_connected {{.*}} -> tensor<1x2xf32>
// CHECK: nn.fully_connected {{.*}} -> tensor<1x12xf32>
// REMARKS: windrow-compile: node 'layer': remark: a bottleneck of 2 and 4 channels: 1168 -> 168 parameters
// REMARKS: windrow-compile: {{.*}}remark: bottlenecks: 1384 -> 384 parameters
// REMARKS: windrow-compile: node 'head': remark: a matrix of rank 2
// REMARKS: windrow-compile: {{.*}}remark: matrices of low rank: 384 -> 248 parameters

// RUN: windrow-compile %s --compact=bottleneck:r=2:layer-r=layer=8:layer-r=other=3:layers=layer:layers=^la.er$:min-channels=1 --compile-to=graph -o /dev/null 2>&1 | FileCheck %s --check-prefix=LISTS
// LISTS: node 'layer': remark: a bottleneck of 1 and 2 channels

// RUN: windrow-compile %s --compact=separate:terms=1 --compile-to=graph 2>/dev/null | FileCheck %s --check-prefix=SEPARATE
// SEPARATE: nn.conv_2d {{.*}}groups = 8

// RUN: windrow-compile %s --compact=prune:ratio=0.25:norm=l2:scope=network:min-channels=2 --compile-to=graph 2>/dev/null | FileCheck %s --check-prefix=PRUNE
// PRUNE: nn.conv_2d {{.*}} -> tensor<1x4x4x12xf32>

// RUN: not windrow-compile %s --compact=shrink --compile-to=graph 2>&1 | FileCheck %s --check-prefix=STEP
// STEP: windrow-compile: error: --compact: 'shrink' must be a way to compact: one of prune, bottleneck, separate, dense

// RUN: not windrow-compile %s --compact=dense:r=8 --compile-to=graph 2>&1 | FileCheck %s --check-prefix=KEY
// KEY: windrow-compile: error: --compact: 'r' must be a key of 'dense': one of energy, rank, layers, min-parameters

// RUN: not windrow-compile %s --compact=dense:rank --compile-to=graph 2>&1 | FileCheck %s --check-prefix=VALUE
// VALUE: windrow-compile: error: --compact: key 'rank' of 'dense' must have a value: rank=VALUE

// RUN: not windrow-compile %s --compact=dense:rank=2:rank=3 --compile-to=graph 2>&1 | FileCheck %s --check-prefix=TWICE
// TWICE: windrow-compile: error: --compact: key 'rank' of 'dense' must be given once

// RUN: not windrow-compile %s --compact=dense:rank=two --compile-to=graph 2>&1 | FileCheck %s --check-prefix=NUMBER
// NUMBER: windrow-compile: for the --rank option: 'two' value invalid
// NUMBER: windrow-compile: error: --compact: 'dense:rank=two' must have values that fit its keys

// RUN: not windrow-compile %s --compact=bottleneck:attention=all --compile-to=graph 2>&1 | FileCheck %s --check-prefix=ATTENTION
// ATTENTION: Cannot find option named 'all'
// ATTENTION: windrow-compile: error: --compact: 'bottleneck:attention=all' must have values that fit its keys

// RUN: not windrow-compile %s --compact=dense:layers=absent --compile-to=graph 2>&1 | FileCheck %s --check-prefix=ABSENT
// ABSENT: error: layer 'absent' must be the name of a layer or match one, found none

// RUN: windrow-compile %s --strategy=proportional --cluster=%S/Inputs/three.yaml --compile-to=plan -o %t.plan.mlir
// RUN: not windrow-compile %t.plan.mlir --compact=dense -o %t.plan 2>&1 | FileCheck %s --check-prefix=PLAN
// PLAN: error: what is compacted must be a model, got a plan

func.func @main(%x: tensor<1x8x8x3xf32>) -> tensor<1x12xf32> {
  %f = nn.constant dense<0.5> : tensor<8x1x1x3xf32> : tensor<8x1x1x3xf32>
  %g = nn.constant dense<0.5> : tensor<16x3x3x8xf32> : tensor<16x3x3x8xf32>
  %b = nn.constant dense<2.0> : tensor<16xf32> : tensor<16xf32>
  %w = nn.constant dense<0.5> : tensor<12x16xf32> : tensor<12x16xf32>
  %0 = nn.conv_2d %x, %f
     : (tensor<1x8x8x3xf32>, tensor<8x1x1x3xf32>) -> tensor<1x8x8x8xf32> loc("first")
  %1 = nn.conv_2d %0, %g, %b {pads = array<i64: 1, 1, 1, 1>, strides = array<i64: 2, 2>}
     : (tensor<1x8x8x8xf32>, tensor<16x3x3x8xf32>, tensor<16xf32>) -> tensor<1x4x4x16xf32> loc("layer")
  %2 = nn.global_avg_pool %1 : (tensor<1x4x4x16xf32>) -> tensor<1x1x1x16xf32>
  %3 = nn.reshape %2 : (tensor<1x1x1x16xf32>) -> tensor<1x16xf32>
  %4 = nn.fully_connected %3, %w : (tensor<1x16xf32>, tensor<12x16xf32>) -> tensor<1x12xf32> loc("head")
  return %4 : tensor<1x12xf32>
}

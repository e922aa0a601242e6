// RUN: windrow-opt %s --load-pass-plugin=%plugin --split-input-file --verify-diagnostics \
// RUN:   --pass-pipeline="builtin.module(func.func(nn-report-cost{min-percent=40}))"

// expected-remark @below {{needs 6400 multiply-accumulates and 1536 bytes of weights}}
func.func @main(%x: tensor<1x4x4x8xf32>) -> tensor<1x4x4x16xf32> {
  %f = nn.constant dense<1.0> : tensor<16x1x1x8xf32> : tensor<16x1x1x8xf32>
  %g = nn.constant dense<1.0> : tensor<16x1x1x16xf32> : tensor<16x1x1x16xf32>
  // 2048 of 6400 are less than 40 percent.
  %0 = nn.conv_2d %x, %f : (tensor<1x4x4x8xf32>, tensor<16x1x1x8xf32>) -> tensor<1x4x4x16xf32>
  // expected-remark @below {{needs 64.0% of the multiply-accumulates, 4096}}
  %1 = nn.conv_2d %0, %g : (tensor<1x4x4x16xf32>, tensor<16x1x1x16xf32>) -> tensor<1x4x4x16xf32>
  %2 = nn.sigmoid %1 : (tensor<1x4x4x16xf32>) -> tensor<1x4x4x16xf32>
  return %2 : tensor<1x4x4x16xf32>
}

// -----

// expected-remark @below {{needs 0 multiply-accumulates and 0 bytes of weights}}
func.func @nothing(%x: tensor<1x8xf32>) -> tensor<8xf32> {
  %0 = nn.reshape %x : (tensor<1x8xf32>) -> tensor<8xf32>
  return %0 : tensor<8xf32>
}

// RUN: windrow-opt %s --load-pass-plugin=%windrow_lib/WindrowTestPasses.so \
// RUN:   --pass-pipeline='builtin.module(test-nn-costs)' -verify-diagnostics

func.func @windows(%x: tensor<1x8x8x4xf32>, %f: tensor<6x3x3x4xf32>, %b: tensor<6xf32>,
                   %d: tensor<4x3x3x1xf32>) {
  // 8 * 8 * 6 elements of 3 * 3 * 4 products each.
  // expected-remark@+1 {{13824 macs, 1024 bytes read, 1536 bytes written, 888 bytes of weights}}
  %0 = nn.conv_2d %x, %f, %b {pads = array<i64: 1, 1, 1, 1>}
     : (tensor<1x8x8x4xf32>, tensor<6x3x3x4xf32>, tensor<6xf32>) -> tensor<1x8x8x6xf32>
  // Depthwise: 6 * 6 * 4 elements of 3 * 3 products each.
  // expected-remark@+1 {{1296 macs, 1024 bytes read, 576 bytes written, 144 bytes of weights}}
  %1 = nn.conv_2d %x, %d {groups = 4 : i64}
     : (tensor<1x8x8x4xf32>, tensor<4x3x3x1xf32>) -> tensor<1x6x6x4xf32>
  // expected-remark@+1 {{256 macs, 1024 bytes read, 256 bytes written, 0 bytes of weights}}
  %2 = nn.max_pool_2d %x {kernel = array<i64: 2, 2>, strides = array<i64: 2, 2>}
     : (tensor<1x8x8x4xf32>) -> tensor<1x4x4x4xf32>
  // expected-remark@+1 {{256 macs, 1024 bytes read, 256 bytes written, 0 bytes of weights}}
  %3 = nn.avg_pool_2d %x {kernel = array<i64: 2, 2>, strides = array<i64: 2, 2>}
     : (tensor<1x8x8x4xf32>) -> tensor<1x4x4x4xf32>
  return
}

func.func @reductions(%x: tensor<1x8x8x4xf32>) {
  // expected-remark@+1 {{256 macs, 1024 bytes read, 16 bytes written, 0 bytes of weights}}
  %0 = nn.global_avg_pool %x : (tensor<1x8x8x4xf32>) -> tensor<1x1x1x4xf32>
  // expected-remark@+1 {{256 macs, 1024 bytes read, 16 bytes written, 0 bytes of weights}}
  %1 = nn.global_sum_pool %x : (tensor<1x8x8x4xf32>) -> tensor<1x1x1x4xf32>
  return
}

func.func @fully_connected(%x: tensor<2x512xf32>, %w: tensor<10x512xf32>, %b: tensor<10xf32>) {
  // expected-remark@+1 {{10240 macs, 4096 bytes read, 80 bytes written, 20520 bytes of weights}}
  %0 = nn.fully_connected %x, %w, %b
     : (tensor<2x512xf32>, tensor<10x512xf32>, tensor<10xf32>) -> tensor<2x10xf32>
  return
}

func.func @elementwise(%x: tensor<1x8x8x4xf32>, %c: tensor<1x1x1x4xf32>, %s: tensor<4xf32>,
                       %pixels: tensor<1x8x8x4xui8>, %h: tensor<8xf16>) {
  // expected-remark@+1 {{256 macs, 2048 bytes read, 1024 bytes written, 0 bytes of weights}}
  %0 = nn.add %x, %x : (tensor<1x8x8x4xf32>, tensor<1x8x8x4xf32>) -> tensor<1x8x8x4xf32>
  // expected-remark@+1 {{256 macs, 1040 bytes read, 1024 bytes written, 0 bytes of weights}}
  %1 = nn.multiply %x, %c : (tensor<1x8x8x4xf32>, tensor<1x1x1x4xf32>) -> tensor<1x8x8x4xf32>
  // expected-remark@+1 {{256 macs, 1024 bytes read, 1024 bytes written, 0 bytes of weights}}
  %2 = nn.clamp %x {bounds = #nn.clamp<min = 0.0>} : (tensor<1x8x8x4xf32>) -> tensor<1x8x8x4xf32>
  // expected-remark@+1 {{8 macs, 16 bytes read, 16 bytes written, 0 bytes of weights}}
  %3 = nn.sigmoid %h : (tensor<8xf16>) -> tensor<8xf16>
  // expected-remark@+1 {{8 macs, 16 bytes read, 16 bytes written, 0 bytes of weights}}
  %4 = nn.hard_swish %h : (tensor<8xf16>) -> tensor<8xf16>
  // expected-remark@+1 {{8 macs, 16 bytes read, 16 bytes written, 0 bytes of weights}}
  %5 = nn.softmax %h : (tensor<8xf16>) -> tensor<8xf16>
  // expected-remark@+1 {{256 macs, 1024 bytes read, 1024 bytes written, 32 bytes of weights}}
  %6 = nn.scale_shift %x, %s, %s
     : (tensor<1x8x8x4xf32>, tensor<4xf32>, tensor<4xf32>) -> tensor<1x8x8x4xf32>
  // expected-remark@+1 {{256 macs, 256 bytes read, 1024 bytes written, 0 bytes of weights}}
  %7 = nn.normalize_image %pixels {mean = array<f32: 0.0, 0.0, 0.0, 0.0>,
                                   deviation = array<f32: 1.0, 1.0, 1.0, 1.0>}
     : (tensor<1x8x8x4xui8>) -> tensor<1x8x8x4xf32>
  return
}

func.func @shapes(%x: tensor<1x8x8x4xf32>) {
  // expected-remark@+1 {{0 macs, 2048 bytes read, 2048 bytes written, 0 bytes of weights}}
  %0 = nn.concat %x, %x {axis = 3 : i64}
     : (tensor<1x8x8x4xf32>, tensor<1x8x8x4xf32>) -> tensor<1x8x8x8xf32>
  // expected-remark@+1 {{0 macs, 1024 bytes read, 1152 bytes written, 0 bytes of weights}}
  %1 = nn.pad %x {low = array<i64: 0, 1, 0, 0>, high = array<i64: 0, 0, 0, 0>}
     : (tensor<1x8x8x4xf32>) -> tensor<1x9x8x4xf32>
  // Reads what it writes.
  // expected-remark@+1 {{0 macs, 128 bytes read, 128 bytes written, 0 bytes of weights}}
  %2 = nn.slice %x {offsets = array<i64: 0, 1, 0, 0>, sizes = array<i64: 1, 1, 8, 4>}
     : (tensor<1x8x8x4xf32>) -> tensor<1x1x8x4xf32>
  // A view.
  // expected-remark@+1 {{0 macs, 0 bytes read, 0 bytes written, 0 bytes of weights}}
  %3 = nn.reshape %x : (tensor<1x8x8x4xf32>) -> tensor<256xf32>
  // expected-remark@+1 {{0 macs, 1024 bytes read, 1024 bytes written, 0 bytes of weights}}
  %4 = nn.transpose %x {permutation = array<i64: 0, 3, 1, 2>}
     : (tensor<1x8x8x4xf32>) -> tensor<1x4x8x8xf32>
  return
}

func.func @constant_operands(%x: tensor<1x8xf32>) {
  %c = nn.constant dense<1.0> : tensor<1x8xf32> : tensor<1x8xf32>
  // expected-remark@+1 {{8 macs, 32 bytes read, 32 bytes written, 32 bytes of weights}}
  %0 = nn.add %x, %c : (tensor<1x8xf32>, tensor<1x8xf32>) -> tensor<1x8xf32>
  // expected-remark@+1 {{0 macs, 0 bytes read, 16 bytes written, 16 bytes of weights}}
  %1 = nn.slice %c {offsets = array<i64: 0, 0>, sizes = array<i64: 1, 4>}
     : (tensor<1x8xf32>) -> tensor<1x4xf32>
  return
}

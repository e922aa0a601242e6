// RUN: windrow-opt %s --cluster-place --split-input-file --verify-diagnostics

module attributes {
  dlti.target_system_spec = #dlti.target_system_spec<
    "a" = #dlti.target_device_spec<"cluster.threads" = 1 : i64>,
    "b" = #dlti.target_device_spec<"cluster.threads" = 1 : i64>>
} {
  func.func @no_rows(%x: tensor<1x8x8x4xf32>) {
    // expected-error @+1 {{'nn.transpose' op cannot be computed in pieces of rows}}
    %0 = nn.transpose %x {permutation = array<i64: 0, 2, 1, 3>, cluster.layout = #cluster.layout<owner, ["a"] in 2 pieces>} : (tensor<1x8x8x4xf32>) -> tensor<1x8x8x4xf32>
    return
  }
}

// -----

module attributes {
  dlti.target_system_spec = #dlti.target_system_spec<
    "a" = #dlti.target_device_spec<"cluster.threads" = 1 : i64>,
    "b" = #dlti.target_device_spec<"cluster.threads" = 1 : i64>>
} {
  func.func @reduction(%x: tensor<1x8x8x4xf32>) {
    %0 = nn.sigmoid %x {cluster.layout = #cluster.layout<rows, ["a", "b"], [0, 4, 8] in 2 pieces>} : (tensor<1x8x8x4xf32>) -> tensor<1x8x8x4xf32>
    // expected-error @+1 {{'nn.global_avg_pool' op cannot be computed in pieces of rows}}
    %1 = nn.global_avg_pool %0 {cluster.layout = #cluster.layout<owner, ["a"] in 2 pieces>} : (tensor<1x8x8x4xf32>) -> tensor<1x1x1x4xf32>
    return
  }
}

// -----

module attributes {
  dlti.target_system_spec = #dlti.target_system_spec<
    "a" = #dlti.target_device_spec<"cluster.threads" = 1 : i64>,
    "b" = #dlti.target_device_spec<"cluster.threads" = 1 : i64>>
} {
  func.func @partials(%x: tensor<1x8x8x4xf32>) {
    %f = nn.constant dense<1.0> : tensor<4x1x1x4xf32> : tensor<4x1x1x4xf32>
    // expected-error @+1 {{'nn.conv_2d' op cannot be computed in pieces of rows: is a sum of partial results}}
    %0 = nn.conv_2d %x, %f {cluster.layout = #cluster.layout<owner, ["a"] in 2 pieces>, cluster.partials = #cluster.partials<["a", "b"], [0, 2, 4]>} : (tensor<1x8x8x4xf32>, tensor<4x1x1x4xf32>) -> tensor<1x8x8x4xf32>
    return
  }
}

// -----

module attributes {
  dlti.target_system_spec = #dlti.target_system_spec<
    "a" = #dlti.target_device_spec<"cluster.threads" = 1 : i64>,
    "b" = #dlti.target_device_spec<"cluster.threads" = 1 : i64>>
} {
  func.func @whole_operand(%x: tensor<1x8x8x4xf32>, %g: tensor<1x1x1x4xf32>) {
    // expected-error @+1 {{'nn.multiply' op cannot be computed in pieces of rows: reads all rows of operand #1}}
    %0 = nn.multiply %x, %g {cluster.layout = #cluster.layout<owner, ["a"] in 2 pieces>} : (tensor<1x8x8x4xf32>, tensor<1x1x1x4xf32>) -> tensor<1x8x8x4xf32>
    return
  }
}

// -----

module attributes {
  dlti.target_system_spec = #dlti.target_system_spec<
    "a" = #dlti.target_device_spec<"cluster.threads" = 1 : i64>,
    "b" = #dlti.target_device_spec<"cluster.threads" = 1 : i64>>
} {
  func.func @behind_whole(%x: tensor<1x8x8x4xf32>, %y: tensor<1x8x8x4xf32>) {
    %0 = nn.sigmoid %x {cluster.layout = #cluster.layout<rows, ["a", "b"], [0, 4, 8]>} : (tensor<1x8x8x4xf32>) -> tensor<1x8x8x4xf32>
    // expected-error @+1 {{'nn.sigmoid' op must not be in pieces of rows behind an operation that is not}}
    %1 = nn.sigmoid %y {cluster.layout = #cluster.layout<rows, ["a", "b"], [0, 4, 8] in 2 pieces>} : (tensor<1x8x8x4xf32>) -> tensor<1x8x8x4xf32>
    return
  }
}

// -----

module attributes {
  dlti.target_system_spec = #dlti.target_system_spec<
    "a" = #dlti.target_device_spec<"cluster.threads" = 1 : i64>,
    "b" = #dlti.target_device_spec<"cluster.threads" = 1 : i64>>
} {
  func.func @behind_channels(%x: tensor<1x8x8x4xf32>) {
    %0 = nn.sigmoid %x {cluster.layout = #cluster.layout<channels, ["a", "b"], [0, 2, 4] in 2 pieces>} : (tensor<1x8x8x4xf32>) -> tensor<1x8x8x4xf32>
    // expected-error @+1 {{'nn.sigmoid' op must not be in pieces of rows behind an operation that is not}}
    %1 = nn.sigmoid %0 {cluster.layout = #cluster.layout<owner, ["a"] in 2 pieces>} : (tensor<1x8x8x4xf32>) -> tensor<1x8x8x4xf32>
    return
  }
}

// -----

module attributes {
  dlti.target_system_spec = #dlti.target_system_spec<
    "a" = #dlti.target_device_spec<"cluster.threads" = 1 : i64>,
    "b" = #dlti.target_device_spec<"cluster.threads" = 1 : i64>>
} {
  func.func @other_pieces(%x: tensor<1x8x8x4xf32>) {
    %0 = nn.sigmoid %x {cluster.layout = #cluster.layout<rows, ["a", "b"], [0, 4, 8] in 3 pieces>} : (tensor<1x8x8x4xf32>) -> tensor<1x8x8x4xf32>
    // expected-error @+1 {{'nn.sigmoid' op must be in as many pieces of rows as the first operation, 3, got 2}}
    %1 = nn.sigmoid %0 {cluster.layout = #cluster.layout<rows, ["a", "b"], [0, 4, 8] in 2 pieces>} : (tensor<1x8x8x4xf32>) -> tensor<1x8x8x4xf32>
    return
  }
}

// -----

module attributes {
  dlti.target_system_spec = #dlti.target_system_spec<
    "a" = #dlti.target_device_spec<"cluster.threads" = 1 : i64>,
    "b" = #dlti.target_device_spec<"cluster.threads" = 1 : i64>>
} {
  func.func @read_twice(%x: tensor<1x8x8x4xf32>) {
    %0 = nn.sigmoid %x {cluster.layout = #cluster.layout<rows, ["a", "b"], [0, 4, 8] in 2 pieces>} : (tensor<1x8x8x4xf32>) -> tensor<1x8x8x4xf32>
    // expected-error @+1 {{'nn.add' op must not read argument #0, which arrives in pieces of rows for others}}
    %1 = nn.add %0, %x {cluster.layout = #cluster.layout<owner, ["a"]>} : (tensor<1x8x8x4xf32>, tensor<1x8x8x4xf32>) -> tensor<1x8x8x4xf32>
    return
  }
}

// -----

module attributes {
  dlti.target_system_spec = #dlti.target_system_spec<
    "a" = #dlti.target_device_spec<"cluster.threads" = 1 : i64>,
    "b" = #dlti.target_device_spec<"cluster.threads" = 1 : i64>>
} {
  func.func @returned(%x: tensor<1x8x8x4xf32>) -> tensor<1x8x8x4xf32> {
    %0 = nn.sigmoid %x {cluster.layout = #cluster.layout<rows, ["a", "b"], [0, 4, 8] in 2 pieces>} : (tensor<1x8x8x4xf32>) -> tensor<1x8x8x4xf32>
    // expected-error @+1 {{'func.return' op must not read argument #0, which arrives in pieces of rows for others}}
    return %x : tensor<1x8x8x4xf32>
  }
}

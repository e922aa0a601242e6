// RUN: windrow-opt %s --cluster-place --split-input-file --verify-diagnostics --allow-unregistered-dialect

module attributes {
  dlti.target_system_spec = #dlti.target_system_spec<
    "a" = #dlti.target_device_spec<"cluster.threads" = 1 : i64>,
    "b" = #dlti.target_device_spec<"cluster.threads" = 1 : i64>>
} {
  func.func @no_layout(%x: tensor<1x8x8x4xf32>) {
    // expected-error @+1 {{'nn.sigmoid' op must have a 'cluster.layout'}}
    %0 = nn.sigmoid %x : (tensor<1x8x8x4xf32>) -> tensor<1x8x8x4xf32>
    return
  }
}

// -----

module attributes {
  dlti.target_system_spec = #dlti.target_system_spec<
    "a" = #dlti.target_device_spec<"cluster.threads" = 1 : i64>,
    "b" = #dlti.target_device_spec<"cluster.threads" = 1 : i64>>
} {
  func.func @rows_of_reduction(%x: tensor<1x8x8x4xf32>) {
    // expected-error @+1 {{'nn.global_avg_pool' op cannot be computed by rows}}
    %0 = nn.global_avg_pool %x {cluster.layout = #cluster.layout<rows, ["a", "b"], [0, 1, 1]>} : (tensor<1x8x8x4xf32>) -> tensor<1x1x1x4xf32>
    return
  }
}

// -----

module attributes {
  dlti.target_system_spec = #dlti.target_system_spec<
    "a" = #dlti.target_device_spec<"cluster.threads" = 1 : i64>,
    "b" = #dlti.target_device_spec<"cluster.threads" = 1 : i64>>
} {
  func.func @rows_of_transpose(%x: tensor<1x8x8x4xf32>) {
    // expected-error @+1 {{'nn.transpose' op cannot be computed by rows}}
    %0 = nn.transpose %x {permutation = array<i64: 0, 2, 1, 3>, cluster.layout = #cluster.layout<rows, ["a", "b"], [0, 4, 8]>} : (tensor<1x8x8x4xf32>) -> tensor<1x8x8x4xf32>
    return
  }
}

// -----

module attributes {
  dlti.target_system_spec = #dlti.target_system_spec<
    "a" = #dlti.target_device_spec<"cluster.threads" = 1 : i64>,
    "b" = #dlti.target_device_spec<"cluster.threads" = 1 : i64>>
} {
  func.func @channels_of_softmax(%x: tensor<1x8x8x4xf32>) {
    // expected-error @+1 {{'nn.softmax' op cannot be computed by channels}}
    %0 = nn.softmax %x {cluster.layout = #cluster.layout<channels, ["a", "b"], [0, 2, 4]>} : (tensor<1x8x8x4xf32>) -> tensor<1x8x8x4xf32>
    return
  }
}

// -----

module attributes {
  dlti.target_system_spec = #dlti.target_system_spec<
    "a" = #dlti.target_device_spec<"cluster.threads" = 1 : i64>,
    "b" = #dlti.target_device_spec<"cluster.threads" = 1 : i64>>
} {
  func.func @channels_of_reshape(%x: tensor<1x6x1x4xf32>) {
    // expected-error @+1 {{'nn.reshape' op cannot be computed by channels}}
    %0 = nn.reshape %x {cluster.layout = #cluster.layout<channels, ["a", "b"], [0, 2, 3]>} : (tensor<1x6x1x4xf32>) -> tensor<8x3xf32>
    return
  }
}

// -----

module attributes {
  dlti.target_system_spec = #dlti.target_system_spec<
    "a" = #dlti.target_device_spec<"cluster.threads" = 1 : i64>,
    "b" = #dlti.target_device_spec<"cluster.threads" = 1 : i64>>
} {
  func.func @partials_of_a_sigmoid(%x: tensor<1x4xf32>) {
    // expected-error @+1 {{'nn.sigmoid' op cannot be computed from partial results}}
    %0 = nn.sigmoid %x {cluster.layout = #cluster.layout<owner, ["a"]>, cluster.partials = #cluster.partials<["a", "b"], [0, 2, 4]>} : (tensor<1x4xf32>) -> tensor<1x4xf32>
    return
  }
}

// -----

module attributes {
  dlti.target_system_spec = #dlti.target_system_spec<
    "a" = #dlti.target_device_spec<"cluster.threads" = 1 : i64>,
    "b" = #dlti.target_device_spec<"cluster.threads" = 1 : i64>>
} {
  func.func @partials_of_groups(%x: tensor<1x4x4x4xf32>) {
    %f = nn.constant dense<1.0> : tensor<4x1x1x2xf32> : tensor<4x1x1x2xf32>
    // expected-error @+1 {{'nn.conv_2d' op cannot be computed from partial results}}
    %0 = nn.conv_2d %x, %f {groups = 2 : i64, cluster.layout = #cluster.layout<owner, ["a"]>, cluster.partials = #cluster.partials<["a", "b"], [0, 2, 4]>} : (tensor<1x4x4x4xf32>, tensor<4x1x1x2xf32>) -> tensor<1x4x4x4xf32>
    return
  }
}

// -----

module attributes {
  dlti.target_system_spec = #dlti.target_system_spec<
    "a" = #dlti.target_device_spec<"cluster.threads" = 1 : i64>,
    "b" = #dlti.target_device_spec<"cluster.threads" = 1 : i64>>
} {
  func.func @partials_bounds(%x: tensor<1x4xf32>) {
    %w = nn.constant dense<1.0> : tensor<3x4xf32> : tensor<3x4xf32>
    // expected-error @+1 {{'nn.fully_connected' op bounds of its input channels must end at 4, got 3}}
    %0 = nn.fully_connected %x, %w {cluster.layout = #cluster.layout<owner, ["a"]>, cluster.partials = #cluster.partials<["a", "b"], [0, 2, 3]>} : (tensor<1x4xf32>, tensor<3x4xf32>) -> tensor<1x3xf32>
    return
  }
}

// -----

module attributes {
  dlti.target_system_spec = #dlti.target_system_spec<
    "a" = #dlti.target_device_spec<"cluster.threads" = 1 : i64>,
    "b" = #dlti.target_device_spec<"cluster.threads" = 1 : i64>>
} {
  func.func @partials_device(%x: tensor<1x4xf32>) {
    %w = nn.constant dense<1.0> : tensor<3x4xf32> : tensor<3x4xf32>
    // expected-error @+1 {{'nn.fully_connected' op layout must name devices of the module, got "c"}}
    %0 = nn.fully_connected %x, %w {cluster.layout = #cluster.layout<owner, ["a"]>, cluster.partials = #cluster.partials<["a", "c"], [0, 2, 4]>} : (tensor<1x4xf32>, tensor<3x4xf32>) -> tensor<1x3xf32>
    return
  }
}

// -----

module attributes {
  dlti.target_system_spec = #dlti.target_system_spec<
    "a" = #dlti.target_device_spec<"cluster.threads" = 1 : i64>,
    "b" = #dlti.target_device_spec<"cluster.threads" = 1 : i64>>
} {
  func.func @partials_of_computed_weights(%x: tensor<1x4xf32>, %w: tensor<3x4xf32>) {
    // expected-error @+1 {{'nn.fully_connected' op must have constant weights to be computed from partial results}}
    %0 = nn.fully_connected %x, %w {cluster.layout = #cluster.layout<owner, ["a"]>, cluster.partials = #cluster.partials<["a", "b"], [0, 2, 4]>} : (tensor<1x4xf32>, tensor<3x4xf32>) -> tensor<1x3xf32>
    return
  }
}

// -----

module attributes {
  dlti.target_system_spec = #dlti.target_system_spec<
    "a" = #dlti.target_device_spec<"cluster.threads" = 1 : i64>,
    "b" = #dlti.target_device_spec<"cluster.threads" = 1 : i64>>
} {
  func.func @unknown_device(%x: tensor<1x8x8x4xf32>) {
    // expected-error @+1 {{'nn.sigmoid' op layout must name devices of the module, got "c"}}
    %0 = nn.sigmoid %x {cluster.layout = #cluster.layout<rows, ["a", "c"], [0, 4, 8]>} : (tensor<1x8x8x4xf32>) -> tensor<1x8x8x4xf32>
    return
  }
}

// -----

module attributes {
  dlti.target_system_spec = #dlti.target_system_spec<
    "a" = #dlti.target_device_spec<"cluster.threads" = 1 : i64>,
    "b" = #dlti.target_device_spec<"cluster.threads" = 1 : i64>>
} {
  func.func @two_results(%x: tensor<1x8x8x4xf32>) {
    // expected-error @+1 {{'test.split' op cannot be placed: must have one tensor as its result}}
    %0:2 = "test.split"(%x) : (tensor<1x8x8x4xf32>) -> (tensor<1x8x8x4xf32>, tensor<1x8x8x4xf32>)
    return
  }
}

// -----

// expected-error @+1 {{must name at least one device in 'dlti.target_system_spec'}}
module {
  func.func @no_devices() {
    return
  }
}

// -----

// expected-error @+1 {{must hold one function, got 2}}
module attributes {
  dlti.target_system_spec = #dlti.target_system_spec<
    "a" = #dlti.target_device_spec<"cluster.threads" = 1 : i64>,
    "b" = #dlti.target_device_spec<"cluster.threads" = 1 : i64>>
} {
  func.func @first(%x: tensor<1x8x8x4xf32>) {
    return
  }
  func.func @second(%x: tensor<1x8x8x4xf32>) {
    return
  }
}

// -----

module attributes {
  dlti.target_system_spec = #dlti.target_system_spec<
    "a" = #dlti.target_device_spec<"cluster.threads" = 1 : i64>,
    "b" = #dlti.target_device_spec<"cluster.threads" = 1 : i64>>
} {
  // expected-error @+1 {{'func.func' op must have a body of one block}}
  func.func private @no_body()
}

// -----

// expected-error @+1 {{"cluster.address" of device "a" must be a string, got 1 : i64}}
module attributes {
  dlti.target_system_spec = #dlti.target_system_spec<"a" = #dlti.target_device_spec<"cluster.address" = 1 : i64>>
} {
}

// -----

// expected-error @+1 {{"cluster.threads" of device "a" must be an integer of at least 1, got 0 : i64}}
module attributes {
  dlti.target_system_spec = #dlti.target_system_spec<"a" = #dlti.target_device_spec<"cluster.threads" = 0 : i64>>
} {
}

// -----

// expected-error @+1 {{"cluster.speed" of device "a" must be a positive number, got 0.000000e+00 : f64}}
module attributes {
  dlti.target_system_spec = #dlti.target_system_spec<"a" = #dlti.target_device_spec<"cluster.speed" = 0.0 : f64>>
} {
}

// -----

// expected-error @+1 {{"cluster.gflops" of device "a" must be a positive number, got -1.000000e+00 : f64}}
module attributes {
  dlti.target_system_spec = #dlti.target_system_spec<"a" = #dlti.target_device_spec<"cluster.gflops" = -1.0 : f64>>
} {
}

// -----

// expected-error @+1 {{"cluster.gbps" of device "a" must be a positive number, got 4 : i64}}
module attributes {
  dlti.target_system_spec = #dlti.target_system_spec<"a" = #dlti.target_device_spec<"cluster.gbps" = 4 : i64>>
} {
}

// -----

// expected-error @+1 {{"cluster.memory_mb" of device "a" must be an integer of at least 1, got "much"}}
module attributes {
  dlti.target_system_spec = #dlti.target_system_spec<"a" = #dlti.target_device_spec<"cluster.memory_mb" = "much">>
} {
}

// -----

// expected-error @+1 {{"client" must not be the name of a device}}
module attributes {
  dlti.target_system_spec = #dlti.target_system_spec<"client" = #dlti.target_device_spec<"cluster.threads" = 1 : i64>>
} {
}

// -----

// expected-error @+1 {{a link must join devices of the module or the client, got "c"}}
module attributes {
  dlti.target_system_spec = #dlti.target_system_spec<"a" = #dlti.target_device_spec<"cluster.threads" = 1 : i64>>,
  cluster.links = [
    #cluster.link<[], bandwidth_mbit = 1.0, latency_us = 0.0>,
    #cluster.link<["a", "client"], bandwidth_mbit = 1.0, latency_us = 0.0>,
    #cluster.link<["a", "c"], bandwidth_mbit = 1.0, latency_us = 0.0>]
} {
}

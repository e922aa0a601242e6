// RUN: windrow-opt %s --split-input-file --verify-diagnostics

func.func @yield_types(%x: tensor<1x4xf32>) {
  // expected-error @+1 {{'cluster.fragment' op must yield values of its result types 'tensor<1x5xf32>', got 'tensor<1x4xf32>'}}
  %0 = cluster.fragment on "client" -> tensor<1x5xf32> {
    cluster.yield %x : tensor<1x4xf32>
  }
  return
}

// -----

func.func @part_of_two(%x: tensor<1x4xf32>) {
  // expected-error @+1 {{'cluster.fragment' op with a part must have one result, got 2}}
  %0:2 = cluster.fragment on "client" part <tensor = 0, dimension = 0, 0 to 1 of 1> -> tensor<1x4xf32>, tensor<1x4xf32> {
    cluster.yield %x, %x : tensor<1x4xf32>, tensor<1x4xf32>
  }
  return
}

// -----

func.func @part_size(%x: tensor<1x4xf32>) {
  // expected-error @+1 {{'cluster.fragment' op its result must have the size of its part, got 'tensor<1x4xf32>' for #cluster.part<tensor = 0, dimension = 1, 0 to 3 of 8>}}
  %0 = cluster.fragment on "client" part <tensor = 0, dimension = 1, 0 to 3 of 8> -> tensor<1x4xf32> {
    cluster.yield %x : tensor<1x4xf32>
  }
  return
}

// -----

func.func @part_range(%x: tensor<1x4xf32>) {
  // expected-error @+1 {{must be a range within 0 to 8, got 5 to 9}}
  %0 = cluster.fragment on "client" part <tensor = 0, dimension = 1, 5 to 9 of 8> -> tensor<1x4xf32> {
    cluster.yield %x : tensor<1x4xf32>
  }
  return
}

// -----

func.func @owned_range(%x: tensor<1x4xf32>) {
  // expected-error @+1 {{owned range must be within 4 to 8, got 3 to 8}}
  %0 = cluster.fragment on "client" part <tensor = 0, dimension = 1, 4 to 8 of 8, owned 3 to 8> -> tensor<1x4xf32> {
    cluster.yield %x : tensor<1x4xf32>
  }
  return
}

// -----

func.func @part_of_no_tensor(%x: tensor<1x4xf32>) {
  // expected-error @+1 {{tensor and dimension must not be negative}}
  %0 = cluster.fragment on "client" part <tensor = -1, dimension = 1, 0 to 4 of 4> -> tensor<1x4xf32> {
    cluster.yield %x : tensor<1x4xf32>
  }
  return
}

// -----

func.func @nested() {
  cluster.fragment on "a" {
    // expected-error @+1 {{'cluster.fragment' op must not be within another fragment}}
    cluster.fragment on "a" {
    }
  }
  return
}

// -----

// expected-note @+1 {{the value is defined here}}
func.func @argument_on_device(%x: tensor<1x4xf32>) {
  // expected-error @+1 {{'cluster.fragment' op reads on "a" a value that "client" holds}}
  %0 = cluster.fragment on "a" -> tensor<1x4xf32> {
    cluster.yield %x : tensor<1x4xf32>
  }
  return
}

// -----

func.func @elsewhere(%x: tensor<1x4xf32>) {
  // expected-note @+1 {{the value is defined here}}
  %0 = cluster.transfer %x from "client" to "b" : tensor<1x4xf32>
  // expected-error @+1 {{'cluster.fragment' op reads on "a" a value that "b" holds}}
  cluster.fragment on "a" {
    %1 = nn.sigmoid %0 : (tensor<1x4xf32>) -> tensor<1x4xf32>
  }
  return
}

// -----

func.func @nowhere(%x: tensor<1x4xf32>) {
  // expected-note @+1 {{the value is defined here}}
  %0 = nn.sigmoid %x : (tensor<1x4xf32>) -> tensor<1x4xf32>
  // expected-error @+1 {{'cluster.transfer' op reads on "a" a value that no participant holds}}
  %1 = cluster.transfer %0 from "a" to "b" : tensor<1x4xf32>
  return
}

// -----

func.func @to_itself(%x: tensor<1x4xf32>) {
  // expected-error @+1 {{'cluster.transfer' op must move a value to another participant, got "client" twice}}
  %0 = cluster.transfer %x from "client" to "client" : tensor<1x4xf32>
  return
}

// -----

func.func @gather_nothing() {
  // expected-error @+1 {{'cluster.all_gather' op must name at least one device}}
  cluster.all_gather on [] axis 0 : () -> ()
  return
}

// -----

func.func @gather_count(%x: tensor<1x4xf32>) {
  // expected-error @+1 {{'cluster.all_gather' op must have one operand and one result for each of 1 devices, got 1 and 2}}
  %0:2 = cluster.all_gather %x on ["client"] axis 0 : (tensor<1x4xf32>) -> (tensor<1x4xf32>, tensor<1x4xf32>)
  return
}

// -----

func.func @gather_axis(%x: tensor<1x4xf32>) {
  // expected-error @+1 {{'cluster.all_gather' op axis must be less than 2, got 2}}
  %0 = cluster.all_gather %x on ["client"] axis 2 : (tensor<1x4xf32>) -> tensor<1x4xf32>
  return
}

// -----

func.func @gather_device_twice(%x: tensor<1x4xf32>) {
  // expected-error @+1 {{'cluster.all_gather' op must name each device once, got "client" twice}}
  %0:2 = cluster.all_gather %x, %x on ["client", "client"] axis 0 : (tensor<1x4xf32>, tensor<1x4xf32>) -> (tensor<2x4xf32>, tensor<2x4xf32>)
  return
}

// -----

func.func @gather_shapes(%x: tensor<1x4xf32>) {
  %a = cluster.transfer %x from "client" to "a" : tensor<1x4xf32>
  %b = cluster.fragment on "b" -> tensor<1x5xf32> {
    %0 = nn.constant dense<0.0> : tensor<1x5xf32> : tensor<1x5xf32>
    cluster.yield %0 : tensor<1x5xf32>
  }
  // expected-error @+1 {{'cluster.all_gather' op parts must differ along the axis only, got 'tensor<1x4xf32>' and 'tensor<1x5xf32>'}}
  %0:2 = cluster.all_gather %a, %b on ["a", "b"] axis 0 : (tensor<1x4xf32>, tensor<1x5xf32>) -> (tensor<2x4xf32>, tensor<2x4xf32>)
  return
}

// -----

func.func @gather_result(%x: tensor<1x4xf32>) {
  %a = cluster.transfer %x from "client" to "a" : tensor<1x4xf32>
  // expected-error @+1 {{'cluster.all_gather' op results must be of type 'tensor<1x8xf32>', got 'tensor<2x4xf32>'}}
  %0:2 = cluster.all_gather %a, %x on ["a", "client"] axis 1 : (tensor<1x4xf32>, tensor<1x4xf32>) -> (tensor<1x8xf32>, tensor<2x4xf32>)
  return
}

// -----

// expected-note @+1 {{the value is defined here}}
func.func @reduce_elsewhere(%x: tensor<1x4xf32>) {
  %a = cluster.transfer %x from "client" to "a" : tensor<1x4xf32>
  // expected-error @+1 {{'cluster.all_reduce' op reads on "b" a value that "client" holds}}
  %0:2 = cluster.all_reduce %a, %x on ["a", "b"] : tensor<1x4xf32>
  return
}

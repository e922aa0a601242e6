// RUN: windrow-opt %s --cluster-verify-placement --split-input-file --verify-diagnostics

func.func @row_produced_twice(%x: tensor<1x8x2x1xf32>) {
  %a = cluster.transfer %x from "client" to "a" : tensor<1x8x2x1xf32>
  %b = cluster.transfer %x from "client" to "b" : tensor<1x8x2x1xf32>
  // expected-note @+1 {{produced here already}}
  cluster.fragment on "a" part <tensor = 3, dimension = 1, 0 to 5 of 8> -> tensor<1x5x2x1xf32> {
    %0 = nn.slice %a {offsets = array<i64: 0, 0, 0, 0>, sizes = array<i64: 1, 5, 2, 1>} : (tensor<1x8x2x1xf32>) -> tensor<1x5x2x1xf32>
    cluster.yield %0 : tensor<1x5x2x1xf32>
  }
  // expected-error @+1 {{'cluster.fragment' op produces 4 to 5 of tensor 3 once more}}
  cluster.fragment on "b" part <tensor = 3, dimension = 1, 4 to 8 of 8> -> tensor<1x4x2x1xf32> {
    %0 = nn.slice %b {offsets = array<i64: 0, 4, 0, 0>, sizes = array<i64: 1, 4, 2, 1>} : (tensor<1x8x2x1xf32>) -> tensor<1x4x2x1xf32>
    cluster.yield %0 : tensor<1x4x2x1xf32>
  }
  return
}

// -----

func.func @row_produced_twice_by_one(%x: tensor<1x8x2x1xf32>) {
  %a = cluster.transfer %x from "client" to "a" : tensor<1x8x2x1xf32>
  // expected-note @+1 {{produced here already}}
  cluster.fragment on "a" part <tensor = 3, dimension = 1, 0 to 8 of 8> -> tensor<1x8x2x1xf32> {
    %0 = nn.sigmoid %a : (tensor<1x8x2x1xf32>) -> tensor<1x8x2x1xf32>
    cluster.yield %0 : tensor<1x8x2x1xf32>
  }
  // expected-error @+1 {{'cluster.fragment' op produces 0 to 8 of tensor 3 once more}}
  cluster.fragment on "a" part <tensor = 3, dimension = 1, 0 to 8 of 8> -> tensor<1x8x2x1xf32> {
    %0 = nn.sigmoid %a : (tensor<1x8x2x1xf32>) -> tensor<1x8x2x1xf32>
    cluster.yield %0 : tensor<1x8x2x1xf32>
  }
  return
}

// -----

func.func @row_in_the_middle_missing(%x: tensor<1x8x2x1xf32>) {
  %a = cluster.transfer %x from "client" to "a" : tensor<1x8x2x1xf32>
  %b = cluster.transfer %x from "client" to "b" : tensor<1x8x2x1xf32>
  cluster.fragment on "a" part <tensor = 3, dimension = 1, 0 to 3 of 8> -> tensor<1x3x2x1xf32> {
    %0 = nn.slice %a {offsets = array<i64: 0, 0, 0, 0>, sizes = array<i64: 1, 3, 2, 1>} : (tensor<1x8x2x1xf32>) -> tensor<1x3x2x1xf32>
    cluster.yield %0 : tensor<1x3x2x1xf32>
  }
  // expected-error @+1 {{'cluster.fragment' op belongs to tensor 3, of which nobody owns 3 to 4}}
  cluster.fragment on "b" part <tensor = 3, dimension = 1, 4 to 8 of 8> -> tensor<1x4x2x1xf32> {
    %0 = nn.slice %b {offsets = array<i64: 0, 4, 0, 0>, sizes = array<i64: 1, 4, 2, 1>} : (tensor<1x8x2x1xf32>) -> tensor<1x4x2x1xf32>
    cluster.yield %0 : tensor<1x4x2x1xf32>
  }
  return
}

// -----

func.func @last_channel_missing(%x: tensor<1x4xf32>) {
  %a = cluster.transfer %x from "client" to "a" : tensor<1x4xf32>
  // expected-error @+1 {{'cluster.fragment' op belongs to tensor 0, of which nobody owns 4 to 5}}
  cluster.fragment on "a" part <tensor = 0, dimension = 1, 0 to 4 of 5> -> tensor<1x4xf32> {
    %0 = nn.sigmoid %a : (tensor<1x4xf32>) -> tensor<1x4xf32>
    cluster.yield %0 : tensor<1x4xf32>
  }
  return
}

// -----

func.func @owned_by_nobody(%x: tensor<1x4xf32>) {
  %a = cluster.transfer %x from "client" to "a" : tensor<1x4xf32>
  // expected-error @+1 {{'cluster.fragment' op belongs to tensor 0, of which nobody owns 0 to 4}}
  cluster.fragment on "a" part <tensor = 0, dimension = 1, 0 to 4 of 4, owned 0 to 0> -> tensor<1x4xf32> {
    %0 = nn.sigmoid %a : (tensor<1x4xf32>) -> tensor<1x4xf32>
    cluster.yield %0 : tensor<1x4xf32>
  }
  return
}

// -----

func.func @different_division(%x: tensor<1x4xf32>) {
  %a = cluster.transfer %x from "client" to "a" : tensor<1x4xf32>
  cluster.fragment on "a" part <tensor = 0, dimension = 1, 0 to 4 of 8> -> tensor<1x4xf32> {
    %0 = nn.sigmoid %a : (tensor<1x4xf32>) -> tensor<1x4xf32>
    cluster.yield %0 : tensor<1x4xf32>
  }
  // expected-error @+1 {{'cluster.fragment' op must divide tensor 0 as others do, got #cluster.part<tensor = 0, dimension = 1, 4 to 8 of 9> beside #cluster.part<tensor = 0, dimension = 1, 0 to 4 of 8>}}
  cluster.fragment on "a" part <tensor = 0, dimension = 1, 4 to 8 of 9> -> tensor<1x4xf32> {
    %0 = nn.sigmoid %a : (tensor<1x4xf32>) -> tensor<1x4xf32>
    cluster.yield %0 : tensor<1x4xf32>
  }
  return
}

// -----

// The halo row that b receives is not the one above its own.

func.func @wrong_halo(%x: tensor<1x8x2x1xf32>) -> tensor<1x5x2x1xf32> {
  %a = cluster.transfer %x from "client" to "a" : tensor<1x8x2x1xf32>
  %b = cluster.transfer %x from "client" to "b" : tensor<1x8x2x1xf32>
  %p = cluster.fragment on "a" part <tensor = 0, dimension = 1, 0 to 4 of 8> -> tensor<1x4x2x1xf32> {
    %0 = nn.slice %a {offsets = array<i64: 0, 0, 0, 0>, sizes = array<i64: 1, 4, 2, 1>} : (tensor<1x8x2x1xf32>) -> tensor<1x4x2x1xf32>
    cluster.yield %0 : tensor<1x4x2x1xf32>
  }
  %q = cluster.fragment on "b" part <tensor = 0, dimension = 1, 4 to 8 of 8> -> tensor<1x4x2x1xf32> {
    %0 = nn.slice %b {offsets = array<i64: 0, 4, 0, 0>, sizes = array<i64: 1, 4, 2, 1>} : (tensor<1x8x2x1xf32>) -> tensor<1x4x2x1xf32>
    cluster.yield %0 : tensor<1x4x2x1xf32>
  }
  %cut = cluster.fragment on "a" -> tensor<1x1x2x1xf32> {
    %0 = nn.slice %p {offsets = array<i64: 0, 2, 0, 0>, sizes = array<i64: 1, 1, 2, 1>} : (tensor<1x4x2x1xf32>) -> tensor<1x1x2x1xf32>
    cluster.yield %0 : tensor<1x1x2x1xf32>
  }
  %halo = cluster.transfer %cut from "a" to "b" : tensor<1x1x2x1xf32>
  %strip = cluster.fragment on "b" -> tensor<1x5x2x1xf32> {
    // expected-error @+1 {{'nn.concat' op must join consecutive parts of one tensor, got 4 to 8 of tensor 0 behind 2 to 3 of tensor 0}}
    %0 = nn.concat %halo, %q {axis = 1 : i64} : (tensor<1x1x2x1xf32>, tensor<1x4x2x1xf32>) -> tensor<1x5x2x1xf32>
    cluster.yield %0 : tensor<1x5x2x1xf32>
  }
  %y = cluster.transfer %strip from "b" to "client" : tensor<1x5x2x1xf32>
  return %y : tensor<1x5x2x1xf32>
}

// -----

// Channels of different rows.

func.func @wrong_rows(%x: tensor<1x4x2x4xf32>) {
  %a = cluster.transfer %x from "client" to "a" : tensor<1x4x2x4xf32>
  %p = cluster.fragment on "a" part <tensor = 0, dimension = 3, 0 to 2 of 4> -> tensor<1x4x2x2xf32> {
    %0 = nn.slice %a {offsets = array<i64: 0, 0, 0, 0>, sizes = array<i64: 1, 4, 2, 2>} : (tensor<1x4x2x4xf32>) -> tensor<1x4x2x2xf32>
    cluster.yield %0 : tensor<1x4x2x2xf32>
  }
  %q = cluster.fragment on "a" part <tensor = 0, dimension = 3, 2 to 4 of 4> -> tensor<1x4x2x2xf32> {
    %0 = nn.slice %a {offsets = array<i64: 0, 0, 0, 2>, sizes = array<i64: 1, 4, 2, 2>} : (tensor<1x4x2x4xf32>) -> tensor<1x4x2x2xf32>
    cluster.yield %0 : tensor<1x4x2x2xf32>
  }
  %strip = cluster.fragment on "a" -> tensor<1x3x2x4xf32> {
    %0 = nn.slice %p {offsets = array<i64: 0, 0, 0, 0>, sizes = array<i64: 1, 3, 2, 2>} : (tensor<1x4x2x2xf32>) -> tensor<1x3x2x2xf32>
    %1 = nn.slice %q {offsets = array<i64: 0, 1, 0, 0>, sizes = array<i64: 1, 3, 2, 2>} : (tensor<1x4x2x2xf32>) -> tensor<1x3x2x2xf32>
    // expected-error @+1 {{'nn.concat' op must join parts that differ along dimension 3 only, got [0, 1, 0, 0] behind [0, 0, 0, 0] of tensor 0}}
    %2 = nn.concat %0, %1 {axis = 3 : i64} : (tensor<1x3x2x2xf32>, tensor<1x3x2x2xf32>) -> tensor<1x3x2x4xf32>
    cluster.yield %2 : tensor<1x3x2x4xf32>
  }
  return
}

// -----

func.func @two_tensors_joined(%x: tensor<1x4x2x1xf32>, %y: tensor<1x4x2x1xf32>) {
  %a = cluster.transfer %x from "client" to "a" : tensor<1x4x2x1xf32>
  %b = cluster.transfer %y from "client" to "b" : tensor<1x4x2x1xf32>
  // expected-error @+1 {{'cluster.all_gather' op must join consecutive parts of one tensor, got 0 to 4 of tensor -2 behind 0 to 4 of tensor -1}}
  %g:2 = cluster.all_gather %a, %b on ["a", "b"] axis 1 : (tensor<1x4x2x1xf32>, tensor<1x4x2x1xf32>) -> (tensor<1x8x2x1xf32>, tensor<1x8x2x1xf32>)
  return
}

// -----

func.func @result_on_device(%x: tensor<1x4xf32>) -> tensor<1x4xf32> {
  %a = cluster.transfer %x from "client" to "a" : tensor<1x4xf32>
  // expected-error @+1 {{'func.return' op must return values that the client holds}}
  return %a : tensor<1x4xf32>
}

// -----

func.func @outside(%x: tensor<1x4xf32>) -> tensor<1x4xf32> {
  // expected-error @+1 {{'nn.sigmoid' op must be in a fragment}}
  %0 = nn.sigmoid %x : (tensor<1x4xf32>) -> tensor<1x4xf32>
  return %0 : tensor<1x4xf32>
}

// RUN: windrow-opt %s --split-input-file --verify-diagnostics

func.func @client(%x: tensor<1x8x8x4xf32>) {
  // expected-error @+1 {{must name devices, got the client}}
  %0 = nn.sigmoid %x {cluster.layout = #cluster.layout<owner, ["client"]>} : (tensor<1x8x8x4xf32>) -> tensor<1x8x8x4xf32>
  return
}

// -----

func.func @device_twice(%x: tensor<1x8x8x4xf32>) {
  // expected-error @+1 {{must name each device once, got "a" twice}}
  %0 = nn.sigmoid %x {cluster.layout = #cluster.layout<replicated, ["a", "b", "a"]>} : (tensor<1x8x8x4xf32>) -> tensor<1x8x8x4xf32>
  return
}

// -----

func.func @two_owners(%x: tensor<1x8x8x4xf32>) {
  // expected-error @+1 {{must name one owner, got 2}}
  %0 = nn.sigmoid %x {cluster.layout = #cluster.layout<owner, ["a", "b"]>} : (tensor<1x8x8x4xf32>) -> tensor<1x8x8x4xf32>
  return
}

// -----

func.func @owner_with_bounds(%x: tensor<1x8x8x4xf32>) {
  // expected-error @+1 {{'owner' must have no bounds}}
  %0 = nn.sigmoid %x {cluster.layout = #cluster.layout<owner, ["a"], [0, 8]>} : (tensor<1x8x8x4xf32>) -> tensor<1x8x8x4xf32>
  return
}

// -----

func.func @rows_without_bounds(%x: tensor<1x8x8x4xf32>) {
  // expected-error @+1 {{must have one bound more than devices, 3, got 0}}
  %0 = nn.sigmoid %x {cluster.layout = #cluster.layout<rows, ["a", "b"]>} : (tensor<1x8x8x4xf32>) -> tensor<1x8x8x4xf32>
  return
}

// -----

func.func @first_bound(%x: tensor<1x8x8x4xf32>) {
  // expected-error @+1 {{bounds must start at 0, got 1}}
  %0 = nn.sigmoid %x {cluster.layout = #cluster.layout<rows, ["a", "b"], [1, 4, 8]>} : (tensor<1x8x8x4xf32>) -> tensor<1x8x8x4xf32>
  return
}

// -----

func.func @descending(%x: tensor<1x8x8x4xf32>) {
  // expected-error @+1 {{bounds must not descend, got 4 after 6}}
  %0 = nn.sigmoid %x {cluster.layout = #cluster.layout<channels, ["a", "b"], [0, 6, 4]>} : (tensor<1x8x8x4xf32>) -> tensor<1x8x8x4xf32>
  return
}

// -----

func.func @computed_channels(%x: tensor<1x8x8x4xf32>) {
  // expected-error @+1 {{'channels' must not have 'computed'}}
  %0 = nn.sigmoid %x {cluster.layout = #cluster.layout<channels, ["a"], [0, 4], computed = [0, 4]>} : (tensor<1x8x8x4xf32>) -> tensor<1x8x8x4xf32>
  return
}

// -----

func.func @replicated_in_pieces(%x: tensor<1x8x8x4xf32>) {
  // expected-error @+1 {{'replicated' must not have pieces}}
  %0 = nn.sigmoid %x {cluster.layout = #cluster.layout<replicated, ["a"] in 2 pieces>} : (tensor<1x8x8x4xf32>) -> tensor<1x8x8x4xf32>
  return
}

// -----

func.func @no_pieces(%x: tensor<1x8x8x4xf32>) {
  // expected-error @+1 {{must have at least 1 piece, got 0}}
  %0 = nn.sigmoid %x {cluster.layout = #cluster.layout<channels, ["a"], [0, 4] in 0 pieces>} : (tensor<1x8x8x4xf32>) -> tensor<1x8x8x4xf32>
  return
}

// -----

func.func @computed_by_one(%x: tensor<1x8x8x4xf32>) {
  // expected-error @+1 {{'computed' must have a begin and an end for each device, 4 numbers, got 2}}
  %0 = nn.sigmoid %x {cluster.layout = #cluster.layout<rows, ["a", "b"], [0, 4, 8], computed = [0, 4]>} : (tensor<1x8x8x4xf32>) -> tensor<1x8x8x4xf32>
  return
}

// -----

func.func @computed_beyond(%x: tensor<1x8x8x4xf32>) {
  // expected-error @+1 {{'computed' must hold ranges within 0 to 8, got 4 to 9}}
  %0 = nn.sigmoid %x {cluster.layout = #cluster.layout<rows, ["a", "b"], [0, 4, 8], computed = [0, 4, 4, 9]>} : (tensor<1x8x8x4xf32>) -> tensor<1x8x8x4xf32>
  return
}

// -----

func.func @computed_backwards(%x: tensor<1x8x8x4xf32>) {
  // expected-error @+1 {{'computed' must hold ranges within 0 to 8, got 4 to 3}}
  %0 = nn.sigmoid %x {cluster.layout = #cluster.layout<rows, ["a", "b"], [0, 4, 8], computed = [4, 3, 4, 8]>} : (tensor<1x8x8x4xf32>) -> tensor<1x8x8x4xf32>
  return
}

// -----

func.func @computed_lacks_own(%x: tensor<1x8x8x4xf32>) {
  // expected-error @+1 {{'computed' must hold a device's own rows, 4 to 8, got 5 to 8}}
  %0 = nn.sigmoid %x {cluster.layout = #cluster.layout<rows, ["a", "b"], [0, 4, 8], computed = [0, 5, 5, 8]>} : (tensor<1x8x8x4xf32>) -> tensor<1x8x8x4xf32>
  return
}

// -----

func.func @partials_of_the_client(%x: tensor<1x4xf32>, %w: tensor<3x4xf32>) {
  // expected-error @+1 {{must name devices, got the client}}
  %0 = nn.fully_connected %x, %w {cluster.layout = #cluster.layout<owner, ["a"]>, cluster.partials = #cluster.partials<["a", "client"], [0, 2, 4]>} : (tensor<1x4xf32>, tensor<3x4xf32>) -> tensor<1x3xf32>
  return
}

// -----

func.func @partials_bounds(%x: tensor<1x4xf32>, %w: tensor<3x4xf32>) {
  // expected-error @+1 {{must have one bound more than devices, 3, got 2}}
  %0 = nn.fully_connected %x, %w {cluster.layout = #cluster.layout<owner, ["a"]>, cluster.partials = #cluster.partials<["a", "b"], [0, 4]>} : (tensor<1x4xf32>, tensor<3x4xf32>) -> tensor<1x3xf32>
  return
}

// -----

func.func @partials_elsewhere(%x: tensor<1x4xf32>, %w: tensor<3x4xf32>) {
  // expected-error @+1 {{'nn.fully_connected' op with 'cluster.partials' must have a 'cluster.layout', where their sum lives}}
  %0 = nn.fully_connected %x, %w {cluster.partials = #cluster.partials<["a", "b"], [0, 2, 4]>} : (tensor<1x4xf32>, tensor<3x4xf32>) -> tensor<1x3xf32>
  return
}

// -----

func.func @not_partials(%x: tensor<1x4xf32>, %w: tensor<3x4xf32>) {
  // expected-error @+1 {{'nn.fully_connected' op 'cluster.partials' must be a #cluster.partials, got 4 : i64}}
  %0 = nn.fully_connected %x, %w {cluster.layout = #cluster.layout<owner, ["a"]>, cluster.partials = 4} : (tensor<1x4xf32>, tensor<3x4xf32>) -> tensor<1x3xf32>
  return
}

// -----

func.func @last_row_bound(%x: tensor<1x8x8x4xf32>) {
  // expected-error @+1 {{'nn.sigmoid' op bounds of its rows must end at 8, got 7}}
  %0 = nn.sigmoid %x {cluster.layout = #cluster.layout<rows, ["a", "b"], [0, 4, 7]>} : (tensor<1x8x8x4xf32>) -> tensor<1x8x8x4xf32>
  return
}

// -----

func.func @last_channel_bound(%x: tensor<1x8x8x4xf32>) {
  // expected-error @+1 {{'nn.sigmoid' op bounds of its channels must end at 4, got 8}}
  %0 = nn.sigmoid %x {cluster.layout = #cluster.layout<channels, ["a", "b"], [0, 4, 8]>} : (tensor<1x8x8x4xf32>) -> tensor<1x8x8x4xf32>
  return
}

// -----

func.func @rows_of_a_matrix(%x: tensor<8x4xf32>) {
  // expected-error @+1 {{'nn.sigmoid' op shared by rows must have a result of rank 4, got 'tensor<8x4xf32>'}}
  %0 = nn.sigmoid %x {cluster.layout = #cluster.layout<rows, ["a"], [0, 8]>} : (tensor<8x4xf32>) -> tensor<8x4xf32>
  return
}

// -----

func.func @not_a_layout(%x: tensor<8x4xf32>) {
  // expected-error @+1 {{'nn.sigmoid' op 'cluster.layout' must be a #cluster.layout, got "rows"}}
  %0 = nn.sigmoid %x {cluster.layout = "rows"} : (tensor<8x4xf32>) -> tensor<8x4xf32>
  return
}

// -----

func.func @layout_of_no_result(%x: tensor<8x4xf32>) {
  // expected-error @+1 {{'func.return' op with 'cluster.layout' must have one result, got 0}}
  return {cluster.layout = #cluster.layout<owner, ["a"]>}
}

// -----

// expected-error @+1 {{'builtin.module' op 'cluster.links' must be a list of #cluster.link}}
module attributes {cluster.links = "fast"} {}

// -----

// expected-error @+1 {{'builtin.module' op 'cluster.links' must start with the default link, and name two devices in every other}}
module attributes {cluster.links = [#cluster.link<["a", "b"], bandwidth_mbit = 1.0, latency_us = 0.0>]} {}

// -----

// expected-error @+1 {{'func.func' op must be a module to have 'cluster.links'}}
func.func private @links() attributes {cluster.links = []}

// -----

// expected-error @+1 {{must name two devices or none, got 1}}
module attributes {cluster.links = [#cluster.link<["a"], bandwidth_mbit = 1.0, latency_us = 0.0>]} {}

// -----

// expected-error @+1 {{must join two different devices, got "a" twice}}
module attributes {cluster.links = [#cluster.link<["a", "a"], bandwidth_mbit = 1.0, latency_us = 0.0>]} {}

// -----

// expected-error @+1 {{bandwidth_mbit must be positive, got 0.000000e+00}}
module attributes {cluster.links = [#cluster.link<[], bandwidth_mbit = 0.0, latency_us = 0.0>]} {}

// -----

// expected-error @+1 {{latency_us must not be negative, got -1.000000e+00}}
module attributes {cluster.links = [#cluster.link<[], bandwidth_mbit = 1.0, latency_us = -1.0>]} {}

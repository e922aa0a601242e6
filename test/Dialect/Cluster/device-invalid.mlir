// RUN: windrow-opt %s --split-input-file --verify-diagnostics

func.func @not_nested(%x: tensor<1x4xf32>) {
  // expected-error @+1 {{'cluster.send' op must be in a module nested in another}}
  cluster.send %x to @a channel 0 : tensor<1x4xf32>
  return
}

// -----

module @a {
  func.func @main() {
    // expected-error @+1 {{'cluster.recv' op peer must be a nested module, got @b}}
    %0 = cluster.recv from @b channel 0 : tensor<1x4xf32>
    return
  }
}

// -----

module {
  func.func private @b()
  module @a {
    func.func @main() {
      // expected-error @+1 {{'cluster.recv' op peer must be a nested module, got @b}}
      %0 = cluster.recv from @b channel 0 : tensor<1x4xf32>
      return
    }
  }
}

// -----

module {
  module @a {
    func.func @main(%x: tensor<1x4xf32>) {
      // expected-error @+1 {{'cluster.send' op peer must be another module, got @a}}
      cluster.send %x to @a channel 0 : tensor<1x4xf32>
      return
    }
  }
}

// -----

module {
  module @b {
  }
  module @a {
    func.func @main(%x: tensor<1x4xf32>) {
      // expected-error @+1 {{attribute 'channel' failed to satisfy constraint: 64-bit signless integer attribute whose value is non-negative}}
      cluster.send %x to @b channel -1 : tensor<1x4xf32>
      return
    }
  }
}

// RUN: windrow-opt %s --cluster-verify-channels --split-input-file --verify-diagnostics

module {
  module @a {
    func.func @main() {
      return
    }
  }
  module @client {
    func.func @main(%x: tensor<1x4xf32>) {
      // expected-error @+1 {{'cluster.send' op uses channel 0, which has no receiver}}
      cluster.send %x to @a channel 0 : tensor<1x4xf32>
      return
    }
  }
}

// -----

module {
  module @a {
    func.func @main() {
      // expected-error @+1 {{'cluster.recv' op uses channel 0, which has no sender}}
      %0 = cluster.recv from @client channel 0 : tensor<1x4xf32>
      return
    }
  }
  module @client {
    func.func @main(%x: tensor<1x4xf32>) {
      return
    }
  }
}

// -----

module {
  module @a {
    func.func @main() {
      %0 = cluster.recv from @client channel 0 : tensor<1x4xf32>
      return
    }
  }
  module @client {
    func.func @main(%x: tensor<1x4xf32>) {
      // expected-note @+1 {{the other one is here}}
      cluster.send %x to @a channel 0 : tensor<1x4xf32>
      // expected-error @+1 {{'cluster.send' op uses channel 0, which has another sender}}
      cluster.send %x to @a channel 0 : tensor<1x4xf32>
      return
    }
  }
}

// -----

module {
  module @a {
    func.func @main() {
      // expected-note @+1 {{the other one is here}}
      %0 = cluster.recv from @client channel 0 : tensor<1x4xf32>
      return
    }
  }
  module @b {
    func.func @main() {
      // expected-error @+1 {{'cluster.recv' op uses channel 0, which has another receiver}}
      %0 = cluster.recv from @client channel 0 : tensor<1x4xf32>
      return
    }
  }
  module @client {
    func.func @main(%x: tensor<1x4xf32>) {
      cluster.send %x to @a channel 0 : tensor<1x4xf32>
      return
    }
  }
}

// -----

module {
  module @a {
    func.func @main() {
      return
    }
  }
  module @b {
    func.func @main() {
      %0 = cluster.recv from @client channel 0 : tensor<1x4xf32>
      return
    }
  }
  module @client {
    func.func @main(%x: tensor<1x4xf32>) {
      // expected-error @+1 {{'cluster.send' op must name the receiver of channel 0, @b, got @a}}
      cluster.send %x to @a channel 0 : tensor<1x4xf32>
      return
    }
  }
}

// -----

module {
  module @a {
    func.func @main() {
      return
    }
  }
  module @b {
    func.func @main() {
      // expected-error @+1 {{'cluster.recv' op must name the sender of channel 0, @client, got @a}}
      %0 = cluster.recv from @a channel 0 : tensor<1x4xf32>
      return
    }
  }
  module @client {
    func.func @main(%x: tensor<1x4xf32>) {
      cluster.send %x to @b channel 0 : tensor<1x4xf32>
      return
    }
  }
}

// -----

module {
  module @a {
    func.func @main() {
      // expected-error @+1 {{'cluster.recv' op must have the type that channel 0 carries, 'tensor<1x4xf32>', got 'tensor<1x5xf32>'}}
      %0 = cluster.recv from @client channel 0 : tensor<1x5xf32>
      return
    }
  }
  module @client {
    func.func @main(%x: tensor<1x4xf32>) {
      cluster.send %x to @a channel 0 : tensor<1x4xf32>
      return
    }
  }
}

// -----

module {
  module @a {
    func.func @main() {
      // expected-error @+1 {{'cluster.recv' op must use channel 0, the next one that its peer sends, got 1}}
      %1 = cluster.recv from @client channel 1 : tensor<1x4xf32>
      %0 = cluster.recv from @client channel 0 : tensor<1x4xf32>
      return
    }
  }
  module @client {
    func.func @main(%x: tensor<1x4xf32>) {
      // expected-note @+1 {{sent here}}
      cluster.send %x to @a channel 0 : tensor<1x4xf32>
      cluster.send %x to @a channel 1 : tensor<1x4xf32>
      return
    }
  }
}

// -----

// Each of three devices waits for the next before it sends.

module {
  module @a {
    func.func @main() {
      // expected-error @+1 {{'cluster.recv' op waits for channel 1, whose sender waits for it}}
      %0 = cluster.recv from @b channel 1 : tensor<1x4xf32>
      cluster.send %0 to @c channel 0 : tensor<1x4xf32>
      return
    }
  }
  module @b {
    func.func @main() {
      // expected-note @+1 {{@b waits for channel 2 here}}
      %0 = cluster.recv from @c channel 2 : tensor<1x4xf32>
      cluster.send %0 to @a channel 1 : tensor<1x4xf32>
      return
    }
  }
  module @c {
    func.func @main() {
      // expected-note @+1 {{@c waits for channel 0 here}}
      %0 = cluster.recv from @a channel 0 : tensor<1x4xf32>
      cluster.send %0 to @b channel 2 : tensor<1x4xf32>
      cluster.send %0 to @client channel 3 : tensor<1x4xf32>
      return
    }
  }
  // Waits for the cycle without being part of it.
  module @client {
    func.func @main() {
      %0 = cluster.recv from @c channel 3 : tensor<1x4xf32>
      return
    }
  }
}

// -----

module {
  // expected-error @+1 {{must hold one function, got 0}}
  module @a {
  }
}

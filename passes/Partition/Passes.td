//===- Passes.td - Passes that divide a network ------------*- tablegen -*-===//
//
// Part of the Windrow Project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef WINDROW_PASSES_PARTITION_PASSES_TD
#define WINDROW_PASSES_PARTITION_PASSES_TD

include "mlir/Pass/PassBase.td"

class Cluster_Pass<string argument> : Pass<argument, "::mlir::ModuleOp"> {
  let dependentDialects = [
    "::windrow::cluster::ClusterDialect", "::windrow::nn::NnDialect"
  ];
}

def AssignLayout : Cluster_Pass<"cluster-assign-layout"> {
  let summary = "Choose a layout for every operation";
  let description = [{
    Writes `cluster.layout` on every operation of the module's function, and
    `cluster.partials` where input channels are divided. The devices are those of
    `dlti.target_system_spec`.

    `single` leaves everything to the fastest device. `even` and `proportional`
    divide the rows of every operation that allows it and has more than one,
    into equal parts or by the devices' `cluster.speed`. The other operations
    are computed by every device that holds rows which depend on them, so that
    channel attention costs one exchange and not two; where no rows depend on
    them, as in a classifier's head, by the fastest device. `greedy` starts from
    equal parts and moves one row at a time from the device that takes longest to
    the one that is done first.

    `dp` searches for the plan that answers soonest, by the costs that were
    measured on the devices, or else by their `cluster.gflops` and `cluster.gbps`:
    dynamic programming over cuts, forms (rows, channels, one device, all) and
    numbers of devices, then descent on the shares, judged by a timeline of all
    devices. It leaves devices out where they would not help. Convolutions whose
    `algorithm` is not `direct` may get another one together with their layout:
    what is fastest on the whole image may leave devices without a tile, and
    transformed filters are up to four times as large as the weights, which counts
    with `objective=memory` and where a device has too little.

    A plan that does not fit the `cluster.memory_mb` of a device is an error.

    Before, on devices "a" and "b" of equal speed:

    ```mlir
    %0 = nn.conv_2d %x, %f {pads = array<i64: 1, 1, 1, 1>}
       : (tensor<1x8x8x4xf32>, tensor<4x3x3x4xf32>) -> tensor<1x8x8x4xf32>
    %1 = nn.global_avg_pool %0 : (tensor<1x8x8x4xf32>) -> tensor<1x1x1x4xf32>
    %2 = nn.multiply %0, %1
       : (tensor<1x8x8x4xf32>, tensor<1x1x1x4xf32>) -> tensor<1x8x8x4xf32>
    %3 = nn.global_avg_pool %2 : (tensor<1x8x8x4xf32>) -> tensor<1x1x1x4xf32>
    ```

    After, with `strategy=even`, attributes abbreviated:

    ```mlir
    %0 = nn.conv_2d %x, %f {cluster.layout = #cluster.layout<rows, ["a", "b"], [0, 4, 8]>} ...
    %1 = nn.global_avg_pool %0 {cluster.layout = #cluster.layout<replicated, ["a", "b"]>} ...
    %2 = nn.multiply %0, %1 {cluster.layout = #cluster.layout<rows, ["a", "b"], [0, 4, 8]>} ...
    %3 = nn.global_avg_pool %2 {cluster.layout = #cluster.layout<owner, ["a"]>} ...
    ```
  }];
  let options = [
    Option<"strategy", "strategy", "Strategy", "Strategy::Proportional",
           "How the network is divided",
           "::windrow::cluster::strategyValues()">,
    Option<"objective", "objective", "::windrow::Objective",
           "::windrow::Objective::Latency", "What `dp` makes small",
           "::windrow::cluster::objectiveValues()">,
    Option<"grain", "grain", "int64_t", /*default=*/"1",
           "Bounds of `even` and `proportional` are multiples of this many rows, "
           "and of the operation's own grain">
  ];
}

def Place : Cluster_Pass<"cluster-place"> {
  let summary = "From layouts to the work of each device and what they exchange";
  let description = [{
    Replaces every operation by one `cluster.fragment` for each device of its
    layout, which computes the device's part, and adds the `cluster.transfer`s
    that bring what a device needs and does not have.

    What a part needs, the operations' interfaces say: a range of rows, the rows
    of its window; a range of channels, all channels of the input of a dense
    convolution or a fully connected layer, the same ones of a depthwise
    convolution, a pool or an elementwise operation, the groups' of a grouped
    one (what a bound cuts a group into is computed with the whole group), the
    rows that hold them of a flattened image. Successive layouts may differ in
    every way: in the kind, in the devices and in their order. Constants are not
    divided here; a fragment reads the part of a constant that it needs, and the
    bundle of its device holds only that.

    A device keeps one strip of each tensor that it reads: the rows or channels
    it computes and those that it receives, joined in their order by one
    `nn.concat`. Operations read it through an `nn.slice`. Where operations read
    parts of different shapes, as one all channels of some rows and another all
    rows of some channels, it keeps a strip for each. Sources send what a strip
    holds and no more: of a tensor that is divided by rows, to who reads channels,
    these channels of their rows. The function's arguments go from the client to
    each device that reads them, with the rows beyond its own that it needs;
    results go back to the client.

    Rows that a layout lists as `computed` beyond a device's own are computed
    there once more; what is not, comes from its owner.

    An operation that reduces rows, of which several devices hold some, becomes
    a partial result on each of these and their sum, added in the order of the
    rows. One with `cluster.partials` becomes a partial result, without bias and
    clamp, on each device of the list that has input channels, summed in the
    order of the list; then bias and clamp. The sum is made where the layout says
    that the result is computed, of the part that is: by `cluster.all_reduce`
    where exactly the devices that have partial results need all of it, else each
    device receives its part of all partial results. Partial results that can be
    had from sums of rows of what a convolution reads, as in a bottleneck with
    attention, are computed and sent before the convolution. A tensor that all devices
    that share it need whole becomes a `cluster.all_gather`.

    The order of the operations is the order of execution on each device. With
    `boundary-first`, rows or channels that other devices wait for are computed
    before the others and sent at once, so that they travel while the rest is
    computed. They go through all operations that read the same rows of one
    another and nothing else, as a convolution and the sum behind it, before the
    rest does. That costs the weights once more to be read for each piece of rows,
    or the input for each piece of channels; `auto` divides where the time of the
    transfers, by `cluster.links`, exceeds that.

    The first operations, where their layouts by rows or of one owner are in
    pieces, are a stream: the client sends each device the rows that it needs in
    pieces, and what a device can compute of all these operations from the pieces
    so far, and from what its neighbours have computed of theirs, it does before
    it waits for the next one. Every second device begins with its last rows, so
    that neighbours get to the rows on both sides of a bound at the same turn. A
    strip so far is the one before and the next piece, joined by one `nn.concat`;
    as each of these has its place in the next one, nothing is copied. Others
    receive what they read of a stream's results piece by piece.

    Layouts that cannot be are errors: rows or channels of an operation that
    cannot be computed by them, partial results of one that is no such sum,
    devices that the module does not name. So are pieces of rows behind an
    operation that has none, or has another number of them, of an operation that
    reads more than a window of what others compute, and of an argument that
    others read too.

    Before:

    ```mlir
    func.func @main(%x: tensor<1x8x8x4xf32>) -> tensor<1x8x8x4xf32> {
      %f = nn.constant dense_resource<f> : tensor<4x3x3x4xf32> : tensor<4x3x3x4xf32>
      %0 = nn.sigmoid %x {cluster.layout = #cluster.layout<rows, ["a", "b"], [0, 4, 8]>}
         : (tensor<1x8x8x4xf32>) -> tensor<1x8x8x4xf32>
      %1 = nn.conv_2d %0, %f {pads = array<i64: 1, 1, 1, 1>,
                              cluster.layout = #cluster.layout<owner, ["a"]>}
         : (tensor<1x8x8x4xf32>, tensor<4x3x3x4xf32>) -> tensor<1x8x8x4xf32>
      return %1 : tensor<1x8x8x4xf32>
    }
    ```

    After, the other half of the scattering left out:

    ```mlir
    %xb = cluster.fragment on "client" -> tensor<1x4x8x4xf32> {
      %s = nn.slice %x {offsets = array<i64: 0, 4, 0, 0>, sizes = array<i64: 1, 4, 8, 4>} ...
      cluster.yield %s : tensor<1x4x8x4xf32>
    }
    %b = cluster.transfer %xb from "client" to "b" : tensor<1x4x8x4xf32>
    %0b = cluster.fragment on "b" part <tensor = 0, dimension = 1, 4 to 8 of 8>
        -> tensor<1x4x8x4xf32> {
      %r = nn.sigmoid %b : (tensor<1x4x8x4xf32>) -> tensor<1x4x8x4xf32>
      cluster.yield %r : tensor<1x4x8x4xf32>
    }
    %0ba = cluster.transfer %0b from "b" to "a" : tensor<1x4x8x4xf32>
    %strip = cluster.fragment on "a" -> tensor<1x8x8x4xf32> {
      %r = nn.concat %0a, %0ba {axis = 1 : i64} ...
      cluster.yield %r : tensor<1x8x8x4xf32>
    }
    %1 = cluster.fragment on "a" part <tensor = 1, dimension = 1, 0 to 8 of 8>
        -> tensor<1x8x8x4xf32> {
      %r = nn.conv_2d %strip, %f {pads = array<i64: 1, 1, 1, 1>} ...
      cluster.yield %r : tensor<1x8x8x4xf32>
    }
    %y = cluster.transfer %1 from "a" to "client" : tensor<1x8x8x4xf32>
    return %y : tensor<1x8x8x4xf32>
    ```

    By channels, before:

    ```mlir
    %1 = nn.fully_connected %0, %w, %b {cluster.layout = #cluster.layout<channels, ["a", "b"], [0, 2, 6]>}
       : (tensor<1x4xf32>, tensor<6x4xf32>, tensor<6xf32>) -> tensor<1x6xf32>
    ```

    After, on "b", which has received %0b:

    ```mlir
    %1b = cluster.fragment on "b" part <tensor = 1, dimension = 1, 2 to 6 of 6>
        -> tensor<1x4xf32> {
      %f = nn.constant dense_resource<w> : tensor<6x4xf32> from [2, 0] of [6, 4] : tensor<4x4xf32>
      %s = nn.constant dense_resource<b> : tensor<6xf32> from [2] of [6] : tensor<4xf32>
      %r = nn.fully_connected %0b, %f, %s ...
      cluster.yield %r : tensor<1x4xf32>
    }
    ```

    From partial results, before:

    ```mlir
    %1 = nn.fully_connected %0, %w, %b {clamp = #nn.clamp<min = 0.0>,
             cluster.partials = #cluster.partials<["a", "b"], [0, 1, 4]>,
             cluster.layout = #cluster.layout<replicated, ["a", "b"]>}
       : (tensor<1x4xf32>, tensor<6x4xf32>, tensor<6xf32>) -> tensor<1x6xf32>
    ```

    After, the half of "a" left out:

    ```mlir
    %pb = cluster.fragment on "b" -> tensor<1x6xf32> {
      %f = nn.constant dense_resource<w> : tensor<6x4xf32> from [0, 1] of [6, 4] : tensor<6x3xf32>
      %r = nn.fully_connected %0b, %f : (tensor<1x3xf32>, tensor<6x3xf32>) -> tensor<1x6xf32>
      cluster.yield %r : tensor<1x6xf32>
    }
    %s:2 = cluster.all_reduce %pa, %pb on ["a", "b"] : tensor<1x6xf32>
    %1b = cluster.fragment on "b" part <tensor = 1, dimension = 0, 0 to 1 of 1>
        -> tensor<1x6xf32> {
      %ones = nn.constant dense<1.0> : tensor<6xf32> : tensor<6xf32>
      %r = nn.scale_shift %s#1, %ones, %b {clamp = #nn.clamp<min = 0.0>} ...
      cluster.yield %r : tensor<1x6xf32>
    }
    ```

    With rows computed once more, before:

    ```mlir
    %0 = nn.sigmoid %x {cluster.layout = #cluster.layout<rows, ["a", "b"], [0, 5, 8], computed = [0, 6, 4, 8]>}
       : (tensor<1x8x4x2xf32>) -> tensor<1x8x4x2xf32>
    ```

    After, on "b", which receives rows 4 to 8 of %x from the client:

    ```mlir
    %0b = cluster.fragment on "b" part <tensor = 0, dimension = 1, 4 to 8 of 8, owned 5 to 8>
        -> tensor<1x4x4x2xf32> {
      %r = nn.sigmoid %xb : (tensor<1x4x4x2xf32>) -> tensor<1x4x4x2xf32>
      cluster.yield %r : tensor<1x4x4x2xf32>
    }
    ```

    In pieces of rows, before:

    ```mlir
    %0 = nn.conv_2d %x, %f {pads = array<i64: 1, 1, 1, 1>,
                            cluster.layout = #cluster.layout<owner, ["a"] in 2 pieces>}
       : (tensor<1x8x8x4xf32>, tensor<4x3x3x4xf32>) -> tensor<1x8x8x4xf32>
    ```

    After, %x0 and %x1 being rows 0 to 4 and 4 to 8 of %x, which come one after
    the other:

    ```mlir
    %a0 = cluster.transfer %x0 from "client" to "a" : tensor<1x4x8x4xf32>
    %00 = cluster.fragment on "a" part <tensor = 0, dimension = 1, 0 to 3 of 8>
        -> tensor<1x3x8x4xf32> {
      %r = nn.conv_2d %a0, %f {pads = array<i64: 1, 1, 0, 1>} ...
      cluster.yield %r : tensor<1x3x8x4xf32>
    }
    %a1 = cluster.transfer %x1 from "client" to "a" : tensor<1x4x8x4xf32>
    %strip = cluster.fragment on "a" -> tensor<1x8x8x4xf32> {
      %r = nn.concat %a0, %a1 {axis = 1 : i64} ...
      cluster.yield %r : tensor<1x8x8x4xf32>
    }
    %01 = cluster.fragment on "a" part <tensor = 0, dimension = 1, 3 to 8 of 8>
        -> tensor<1x5x8x4xf32> {
      %s = nn.slice %strip {offsets = array<i64: 0, 2, 0, 0>, sizes = array<i64: 1, 6, 8, 4>} ...
      %r = nn.conv_2d %s, %f {pads = array<i64: 0, 1, 1, 1>} ...
      cluster.yield %r : tensor<1x5x8x4xf32>
    }
    ```
  }];
  let options = [
    Option<"boundaryFirst", "boundary-first", "BoundaryFirst",
           "BoundaryFirst::Auto",
           "Compute what others wait for as pieces of their own",
           [{::llvm::cl::values(
               clEnumValN(BoundaryFirst::Never, "never", "never"),
               clEnumValN(BoundaryFirst::Auto, "auto", "where it saves time"),
               clEnumValN(BoundaryFirst::Always, "always", "always"))}]>,
    Option<"grain", "grain", "int64_t", /*default=*/"1",
           "Cuts between pieces are at multiples of this many rows">
  ];
}

def LowerCollectives : Cluster_Pass<"cluster-lower-collectives"> {
  let summary = "Collectives to transfers, concatenations and additions";
  let description = [{
    Every device of a `cluster.all_gather` or `cluster.all_reduce` receives the
    parts of the others directly and joins or adds them in the order of the
    operands, so that a sum is the same on all of them bit for bit.

    Before:

    ```mlir
    %s:2 = cluster.all_reduce %p, %q on ["a", "b"] : tensor<1x1x1x4xf32>
    ```

    After:

    ```mlir
    %pb = cluster.transfer %p from "a" to "b" : tensor<1x1x1x4xf32>
    %qa = cluster.transfer %q from "b" to "a" : tensor<1x1x1x4xf32>
    %sa = cluster.fragment on "a" -> tensor<1x1x1x4xf32> {
      %0 = nn.add %p, %qa : (tensor<1x1x1x4xf32>, tensor<1x1x1x4xf32>) -> tensor<1x1x1x4xf32>
      cluster.yield %0 : tensor<1x1x1x4xf32>
    }
    %sb = cluster.fragment on "b" -> tensor<1x1x1x4xf32> {
      %0 = nn.add %pb, %q : (tensor<1x1x1x4xf32>, tensor<1x1x1x4xf32>) -> tensor<1x1x1x4xf32>
      cluster.yield %0 : tensor<1x1x1x4xf32>
    }
    ```
  }];
}

def SplitDevices : Cluster_Pass<"cluster-split-devices"> {
  let summary = "One module for each device and one for the client";
  let description = [{
    Moves the fragments of each device into a function of a nested module that is
    named after it, and what happens on the client into `module @client`. Every
    transfer becomes a `cluster.send` and a `cluster.recv` on a channel of its
    own; the channels are numbered in the order of the transfers. Constants are
    cloned into each module that uses them. Fragments and transfers whose
    results nobody uses are dropped. A device that has nothing to do gets no
    module, and is removed from `dlti.target_system_spec`.

    All devices follow the one order of the placed function. A `cluster.send`
    stands where the transfer stood; a `cluster.recv`, which waits, moves down to
    the first use of its result, but never past another one from the same
    peer, so that both ends use their channels in the same order. As a recv only
    ever moves away from its send, there is no wait cycle.

    Before:

    ```mlir
    func.func @main(%x: tensor<1x4xf32>) -> tensor<1x4xf32> {
      %0 = cluster.transfer %x from "client" to "a" : tensor<1x4xf32>
      %1 = cluster.fragment on "a" -> tensor<1x4xf32> {
        %s = nn.softmax %0 : (tensor<1x4xf32>) -> tensor<1x4xf32>
        cluster.yield %s : tensor<1x4xf32>
      }
      %2 = cluster.transfer %1 from "a" to "client" : tensor<1x4xf32>
      return %2 : tensor<1x4xf32>
    }
    ```

    After:

    ```mlir
    module @a {
      func.func @main() {
        %0 = cluster.recv from @client channel 0 : tensor<1x4xf32>
        %1 = nn.softmax %0 : (tensor<1x4xf32>) -> tensor<1x4xf32>
        cluster.send %1 to @client channel 1 : tensor<1x4xf32>
        return
      }
    }
    module @client {
      func.func @main(%x: tensor<1x4xf32>) -> tensor<1x4xf32> {
        cluster.send %x to @a channel 0 : tensor<1x4xf32>
        %0 = cluster.recv from @a channel 1 : tensor<1x4xf32>
        return %0 : tensor<1x4xf32>
      }
    }
    ```
  }];
}

def VerifyPlacement : Cluster_Pass<"cluster-verify-placement"> {
  let summary = "Prove that every part of every tensor is produced exactly once";
  let description = [{
    Checks the placed level. The parts of one tensor that its fragments own must
    cover it without overlap, all devices together or each of them alone; what
    they produce beyond, rows computed once more, counts for nobody. Where
    fragments cut or join values, the result must be a box in one tensor: what is
    joined must be consecutive along one dimension and alike in the others. The
    function must return what the client holds. Changes nothing.
  }];
}

def VerifyChannels : Cluster_Pass<"cluster-verify-channels"> {
  let summary = "Prove that all messages arrive and nobody waits for ever";
  let description = [{
    Checks the modules of a split plan: each channel has exactly one
    `cluster.send` and one `cluster.recv`, which name each other's modules and
    have the same type; two participants use the channels from one to the other
    in the same order; and, as a send does not wait and a recv does, running all
    modules ends. Changes nothing.
  }];
}


#endif // WINDROW_PASSES_PARTITION_PASSES_TD

//===- ClusterDialect.td - The cluster dialect -------------*- tablegen -*-===//
//
// Part of the Windrow Project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef WINDROW_DIALECTS_CLUSTER_CLUSTERDIALECT_TD
#define WINDROW_DIALECTS_CLUSTER_CLUSTERDIALECT_TD

include "mlir/IR/AttrTypeBase.td"
include "mlir/IR/EnumAttr.td"
include "mlir/IR/OpBase.td"

def Cluster_Dialect : Dialect {
  let name = "cluster";
  let cppNamespace = "::windrow::cluster";
  let summary = "Which machine computes and holds what";
  let description = [{
    A network passes through three levels on its way to the machines.

    *Global*: one function of `nn` operations; the discardable attribute
    `cluster.layout` on an operation says where its result is computed, and
    `cluster.partials` beside it that it is a sum over input channels. The
    module names the machines in `dlti.target_system_spec`, one entry per device
    in plan order, and holds the links in `cluster.links`. Of a device it says:

    | key | value | default | meaning |
    | --- | --- | --- | --- |
    | `"cluster.address"` | string | `""` | `host:port` where the others reach the device |
    | `"cluster.threads"` | integer, at least 1 | 1 | threads that kernels use |
    | `"cluster.speed"` | float, positive | 1.0 | speed relative to the other devices |
    | `"cluster.memory_mb"` | integer, at least 1 | no limit | memory for weights and activations, in units of 1 000 000 bytes |
    | `"cluster.gflops"` | float, positive | 10 * speed * threads | 1e9 floating-point operations a second, two a multiply-add |
    | `"cluster.gbps"` | float, positive | 4 * speed | 1e9 bytes of memory traffic a second |

    The planner takes the last two for a device whose costs were not measured: a
    kernel takes the longer of its arithmetic and its memory traffic at these
    rates. Without `cluster.links`, all links have 1000 Mbit/s and 100
    microseconds.

    *Placed*: `cluster.fragment` regions hold the work of one device on its part
    of the data, and pure operations between them (`cluster.transfer`,
    `cluster.all_gather`, `cluster.all_reduce`) move values from device to
    device. The function's arguments and results are with the client, which is
    addressed by the reserved name "client".

    *Per device*: one nested module for each device and one for the client, named
    after it. Each holds one function in which `cluster.send` and `cluster.recv`
    exchange tensors on numbered channels, in the order of execution.
  }];
  let dependentDialects = ["::mlir::DLTIDialect"];
  let extraClassDeclaration = [{
    void registerAttributes();
  }];
  let useDefaultAttributePrinterParser = 1;
  let hasOperationAttrVerify = 1;
}

class Cluster_Attr<string name, string attrMnemonic, list<Trait> traits = []>
    : AttrDef<Cluster_Dialect, name, traits> {
  let mnemonic = attrMnemonic;
}

def Cluster_LayoutKind : I32EnumAttr<"LayoutKind", "how devices share a value", [
    I32EnumAttrCase<"Owner", 0, "owner">,
    I32EnumAttrCase<"Replicated", 1, "replicated">,
    I32EnumAttrCase<"Rows", 2, "rows">,
    I32EnumAttrCase<"Channels", 3, "channels">
  ]> {
  let cppNamespace = "::windrow::cluster";
  let genSpecializedAttr = 0;
}

def Cluster_LayoutAttr : Cluster_Attr<"Layout", "layout"> {
  let summary = "where the parts of a value are computed";
  let description = [{
    `owner`: one device holds all. `replicated`: every listed device computes all.
    `rows`: device i of the list holds the rows (dimension 1)
    `bounds[i]` to `bounds[i + 1]`, the upper one excluded; `channels`: the same
    for the last dimension. Bounds ascend from 0 to the size of the dimension;
    two equal ones leave a device without a part. The order of the devices is
    free, and may differ from one operation to the next.

    `computed`, of a layout by rows, holds a begin and an end for each device:
    the rows that it computes, its own among them. The others are owned by
    another device and are computed once more, so that they need not be sent. A
    needed row that a device does not compute comes from its owner.

    A layout by channels may say in how many pieces, at most, each device
    computes its channels: one piece travels while the next one is computed.

    So may one by rows or of one owner, of the first operations of a function,
    its *stream*: the image arrives in as many pieces of rows, and of each piece,
    a device computes operation after operation what the rows that it has by then
    suffice for, while the next one travels. All operations of a stream have the
    same number of pieces.

    ```mlir
    #cluster.layout<owner, ["press-1"]>
    #cluster.layout<rows, ["press-1", "press-2"], [0, 35, 56]>
    #cluster.layout<rows, ["press-1", "press-2"], [0, 35, 56], computed = [0, 37, 33, 56]>
    #cluster.layout<channels, ["press-2", "press-1"], [0, 48, 64]>
    #cluster.layout<channels, ["press-2", "press-1"], [0, 96, 128] in 2 pieces>
    #cluster.layout<rows, ["press-1", "press-2"], [0, 35, 56], computed = [0, 37, 33, 56] in 4 pieces>
    #cluster.layout<owner, ["press-1"] in 4 pieces>
    ```
  }];
  let parameters = (ins
    EnumParameter<Cluster_LayoutKind>:$kind,
    ArrayRefParameter<"::mlir::StringAttr", "device names">:$devices,
    OptionalArrayRefParameter<"int64_t", "bounds of the parts">:$bounds,
    OptionalArrayRefParameter<"int64_t", "begin and end of the rows that each device computes">:$computed,
    DefaultValuedParameter<"int64_t", "1", "calls for the rows or channels of each device">:$pieces);
  let builders = [
    AttrBuilder<(ins "::windrow::cluster::LayoutKind":$kind,
                     "::llvm::ArrayRef<::mlir::StringAttr>":$devices,
                     CArg<"::llvm::ArrayRef<int64_t>", "{}">:$bounds), [{
      return $_get($_ctxt, kind, devices, bounds, ::llvm::ArrayRef<int64_t>(), 1);
    }]>
  ];
  let assemblyFormat = [{
    `<` $kind `,` `[` $devices `]` (`,` `[` $bounds^ `]`)?
    (`,` `computed` `=` `[` $computed^ `]`)? (`in` $pieces^ `pieces`)? `>`
  }];
  let extraClassDeclaration = [{
    /// Whether the devices hold parts, of rows or of channels.
    bool isDivided() const;

    /// Index of `device` in the list, or -1.
    int64_t getDevicePosition(::llvm::StringRef device) const;

    /// The rows or channels that the device at `position` holds for all
    /// devices, of a layout that is divided.
    ::windrow::RowInterval getOwnedInterval(unsigned position) const;

    /// These and what the device computes beyond them.
    ::windrow::RowInterval getComputedInterval(unsigned position) const;
  }];
  let genVerifyDecl = 1;
}

def Cluster_PartialsAttr : Cluster_Attr<"Partials", "partials"> {
  let summary = "who contracts which input channels";
  let description = [{
    Stands beside the layout of a convolution without groups or of a fully
    connected layer. Device i of the list contracts the input channels
    `bounds[i]` to `bounds[i + 1]`, the upper one excluded, without bias and
    clamp. These partial results are summed in the order of the list where the
    layout says that the result is computed, whereupon bias and clamp follow.

    ```mlir
    %1 = nn.fully_connected %0, %w, %b {
        cluster.partials = #cluster.partials<["press-1", "press-2"], [0, 2048, 4096]>,
        cluster.layout = #cluster.layout<owner, ["press-1"]>} : ...
    ```
  }];
  let parameters = (ins
    ArrayRefParameter<"::mlir::StringAttr", "device names">:$devices,
    ArrayRefParameter<"int64_t", "bounds of the input channels">:$bounds);
  let assemblyFormat = "`<` `[` $devices `]` `,` `[` $bounds `]` `>`";
  let extraClassDeclaration = [{
    /// The input channels that the device at `position` contracts.
    ::windrow::RowInterval getInterval(unsigned position) const;
  }];
  let genVerifyDecl = 1;
}

def Cluster_PartAttr : Cluster_Attr<"Part", "part"> {
  let summary = "which part of which tensor a fragment produces";
  let description = [{
    Tensors are numbered as the operations of the global level that they came
    from. The part is the half-open range `begin` to `end` of `dimension`, whose
    whole size is `size`. Of these, `ownedBegin` to `ownedEnd` are produced for
    all devices, and the rest, which another device owns, for this one alone.
    `cluster-verify-placement` proves with it that every part of a tensor is
    owned exactly once, or as a whole by each of several devices.

    ```mlir
    #cluster.part<tensor = 7, dimension = 1, 28 to 56 of 112>
    #cluster.part<tensor = 7, dimension = 1, 26 to 56 of 112, owned 28 to 56>
    ```
  }];
  let parameters = (ins "int64_t":$tensor, "int64_t":$dimension,
                        "int64_t":$begin, "int64_t":$end, "int64_t":$size,
                        "int64_t":$ownedBegin, "int64_t":$ownedEnd);
  let extraClassDeclaration = [{
    int64_t getOwnedSize() const { return getOwnedEnd() - getOwnedBegin(); }
  }];
  let hasCustomAssemblyFormat = 1;
  let genVerifyDecl = 1;
}

def Cluster_LinkAttr : Cluster_Attr<"Link", "link"> {
  let summary = "speed of the connection between two devices";
  let description = [{
    Bandwidth in Mbit/s and one-way latency in microseconds, both directions
    alike. The list `cluster.links` of a module starts with the default, whose
    `between` is empty, followed by the exceptions.

    ```mlir
    #cluster.link<[], bandwidth_mbit = 1000.0, latency_us = 100.0>
    #cluster.link<["press-1", "press-2"], bandwidth_mbit = 100.0, latency_us = 300.0>
    ```
  }];
  let parameters = (ins
    OptionalArrayRefParameter<"::mlir::StringAttr", "two device names or none">:$between,
    "::mlir::FloatAttr":$bandwidthMbit,
    "::mlir::FloatAttr":$latencyUs);
  let hasCustomAssemblyFormat = 1;
  let genVerifyDecl = 1;
}

#endif // WINDROW_DIALECTS_CLUSTER_CLUSTERDIALECT_TD

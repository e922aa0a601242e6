//===- ClusterOps.td - Operations of the cluster dialect ---*- tablegen -*-===//
//
// Part of the Windrow Project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef WINDROW_DIALECTS_CLUSTER_CLUSTEROPS_TD
#define WINDROW_DIALECTS_CLUSTER_CLUSTEROPS_TD

include "dialects/Cluster/ClusterDialect.td"
include "mlir/IR/SymbolInterfaces.td"
include "mlir/Interfaces/ControlFlowInterfaces.td"
include "mlir/Interfaces/InferTypeOpInterface.td"
include "mlir/Interfaces/SideEffectInterfaces.td"

class Cluster_Op<string mnemonic, list<Trait> traits = []>
    : Op<Cluster_Dialect, mnemonic, traits>;

def Cluster_Channel : ConfinedAttr<I64Attr, [IntNonNegative]>;

//===----------------------------------------------------------------------===//
// Placed level
//===----------------------------------------------------------------------===//

def Cluster_FragmentOp : Cluster_Op<"fragment", [
    Pure, SingleBlock, NoRegionArguments,
    SingleBlockImplicitTerminator<"::windrow::cluster::YieldOp">]> {
  let summary = "work of one device";
  let description = [{
    Values defined outside that the region uses must be constants or be with the
    same device: results of its fragments, of transfers to it or of collectives.
    The function's arguments are with the client. A fragment that computes a
    part of a tensor of the global level, and not a view or a partial sum, says
    in `part` which one; it then has one result.

    ```mlir
    %r = cluster.fragment on "press-1"
        part <tensor = 4, dimension = 1, 0 to 28 of 56>
        -> tensor<1x28x56x64xf32> {
      %0 = nn.conv_2d %strip, %f, %b {...} : ...
      cluster.yield %0 : tensor<1x28x56x64xf32>
    }
    ```
  }];
  let arguments = (ins StrAttr:$device, OptionalAttr<Cluster_PartAttr>:$part);
  let results = (outs Variadic<AnyStaticShapeTensor>:$results);
  let regions = (region SizedRegion<1>:$body);
  let assemblyFormat = [{
    `on` $device (`part` $part^)? attr-dict-with-keyword
    (`->` type($results)^)? $body
  }];
  let hasRegionVerifier = 1;
}

def Cluster_YieldOp : Cluster_Op<"yield", [
    Pure, Terminator, ReturnLike, HasParent<"FragmentOp">]> {
  let summary = "results of a fragment";
  let arguments = (ins Variadic<AnyStaticShapeTensor>:$values);
  let builders = [OpBuilder<(ins), [{ /* yields nothing */ }]>];
  let assemblyFormat = "($values^ `:` type($values))? attr-dict";
}

def Cluster_TransferOp : Cluster_Op<"transfer", [Pure, AllTypesMatch<["value", "result"]>]> {
  let summary = "a value of one device, on another";
  let description = [{
    ```mlir
    %h = cluster.transfer %row from "press-1" to "press-2" : tensor<1x1x56x64xf32>
    ```
  }];
  let arguments = (ins AnyStaticShapeTensor:$value, StrAttr:$source, StrAttr:$target);
  let results = (outs AnyStaticShapeTensor:$result);
  let assemblyFormat = [{
    $value `from` $source `to` $target attr-dict `:` type($result)
  }];
  let hasVerifier = 1;
}

def Cluster_AllGatherOp : Cluster_Op<"all_gather", [Pure]> {
  let summary = "the parts of all devices, joined, on each of them";
  let description = [{
    Operand i is with `devices[i]`; result i, the operands joined along `axis` in
    their order, is with the same device.

    ```mlir
    %a:2 = cluster.all_gather %p, %q on ["press-1", "press-2"] axis 1
       : (tensor<1x4x7x8xf32>, tensor<1x3x7x8xf32>)
       -> (tensor<1x7x7x8xf32>, tensor<1x7x7x8xf32>)
    ```
  }];
  let arguments = (ins Variadic<AnyStaticShapeTensor>:$parts, StrArrayAttr:$devices,
    ConfinedAttr<I64Attr, [IntNonNegative]>:$axis);
  let results = (outs Variadic<AnyStaticShapeTensor>:$results);
  let assemblyFormat = [{
    $parts `on` $devices `axis` $axis attr-dict `:` functional-type(operands, results)
  }];
  let hasVerifier = 1;
}

def Cluster_AllReduceOp : Cluster_Op<"all_reduce", [Pure, SameTypeOperands]> {
  let summary = "the sum of all devices' values, on each of them";
  let description = [{
    Operand i is with `devices[i]`, result i with the same device. Summed in the
    order of the operands everywhere, so that all results are equal bit for bit.

    ```mlir
    %s:2 = cluster.all_reduce %p, %q on ["press-1", "press-2"] : tensor<1x1x1x64xf32>
    ```
  }];
  let arguments = (ins Variadic<AnyStaticShapeTensor>:$parts, StrArrayAttr:$devices);
  let results = (outs Variadic<AnyStaticShapeTensor>:$results);
  let hasCustomAssemblyFormat = 1;
  let hasVerifier = 1;
}

//===----------------------------------------------------------------------===//
// Device level
//===----------------------------------------------------------------------===//

def Cluster_SendOp : Cluster_Op<"send", [
    DeclareOpInterfaceMethods<SymbolUserOpInterface>]> {
  let summary = "queues a tensor for a peer";
  let description = [{
    Does not wait. `peer` is the nested module of the receiver.

    ```mlir
    cluster.send %row to @"press-2" channel 3 : tensor<1x1x56x64xf32>
    ```
  }];
  let arguments = (ins AnyStaticShapeTensor:$value, FlatSymbolRefAttr:$peer,
    Cluster_Channel:$channel);
  let assemblyFormat = [{
    $value `to` $peer `channel` $channel attr-dict `:` type($value)
  }];
}

def Cluster_RecvOp : Cluster_Op<"recv", [
    DeclareOpInterfaceMethods<SymbolUserOpInterface>]> {
  let summary = "waits for a tensor from a peer";
  let description = [{
    ```mlir
    %row = cluster.recv from @"press-1" channel 3 : tensor<1x1x56x64xf32>
    ```
  }];
  let arguments = (ins FlatSymbolRefAttr:$peer, Cluster_Channel:$channel);
  let results = (outs AnyStaticShapeTensor:$result);
  let assemblyFormat = [{
    `from` $peer `channel` $channel attr-dict `:` type($result)
  }];
}

#endif // WINDROW_DIALECTS_CLUSTER_CLUSTEROPS_TD

//===- NnInterfaces.td - What a partitioner asks of an op --*- tablegen -*-===//
//
// Part of the Windrow Project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef WINDROW_DIALECTS_NN_NNINTERFACES_TD
#define WINDROW_DIALECTS_NN_NNINTERFACES_TD

include "mlir/IR/OpBase.td"

def RowWindowOpInterface : OpInterface<"RowWindowOpInterface"> {
  let cppNamespace = "::windrow::nn";
  let description = [{
    An operation whose result can be computed a range of rows at a time. Rows
    are dimension 1 of rank-4 tensors. Together with the other interfaces here
    this is all that a partitioner knows of an operation.

    The default implementations are those of an operation with one result whose
    row r is computed from row r of every rank-4 operand that has as many rows
    as the result.
  }];
  let methods = [
    InterfaceMethod<[{
        Whether this operation, with its present operands, can be computed a
        range of rows at a time. Only results of rank 4 with one image are
        splittable: the rows of several images are not contiguous.
      }], "bool", "isRowSplittable", (ins), "",
      [{ return ::windrow::nn::isOneImage($_op->getResult(0)); }]>,
    InterfaceMethod<[{
        Whether operand `operandIndex` is read a range of rows at a time. The
        others (weights, values broadcast over the rows) are needed whole.
      }], "bool", "carriesRows", (ins "unsigned":$operandIndex), "",
      [{ return ::windrow::nn::hasRowsOfResult($_op, operandIndex); }]>,
    InterfaceMethod<[{
        The rows of operand `operandIndex`, one that carries rows, that the
        output rows `outputRows` read, and the padding at the image's edges. Of
        an operation that is splittable, output rows that are not empty read at
        least one row, even where padding alone would do.
      }], "::windrow::RowWindow", "getRowWindow",
      (ins "unsigned":$operandIndex, "::windrow::RowInterval":$outputRows), "",
      [{ return {outputRows, 0, 0}; }]>,
    InterfaceMethod<[{
        Output rows are computed this many at a time, from the first one on.
        Any range of rows can be computed, but one that begins or ends between
        multiples of this computes, and reads the window of, whole multiples.
      }], "int64_t", "getRowGrain", (ins), "", [{ return 1; }]>,
    InterfaceMethod<[{
        Builds the operation that computes `outputRows`, which must not be
        empty, from `operands`: those that carry rows hold exactly the rows
        of their window, the others are whole. Operations that feed the returned
        one may be built along with it. Discardable attributes are not copied.
      }], "::mlir::Operation *", "buildRows",
      (ins "::mlir::OpBuilder &":$builder, "::mlir::ValueRange":$operands,
           "::windrow::RowInterval":$outputRows), "",
      [{
        return ::windrow::nn::buildStrip(builder, $_op, operands,
                                         outputRows.size());
      }]>
  ];
}

def RowReductionOpInterface : OpInterface<"RowReductionOpInterface"> {
  let cppNamespace = "::windrow::nn";
  let description = [{
    An operation that reduces all rows of its only operand to one, by a sum:
    a partial result per range of rows, then the elementwise sum of the partial
    results, then a last step. Exact but for the rounding of the sums.
  }];
  let methods = [
    InterfaceMethod<[{
        Builds the partial result of `strip`, some rows of the operand.
      }], "::mlir::Value", "buildPartial",
      (ins "::mlir::OpBuilder &":$builder, "::mlir::Value":$strip)>,
    InterfaceMethod<[{
        Builds the result from `sum`, the sum of all partial results, or some
        channels of it from the same of the sum.
      }], "::mlir::Value", "buildFinal",
      (ins "::mlir::OpBuilder &":$builder, "::mlir::Value":$sum)>
  ];
}

def ChannelWindowOpInterface : OpInterface<"ChannelWindowOpInterface"> {
  let cppNamespace = "::windrow::nn";
  let description = [{
    An operation whose result can be computed a range of channels at a time.
    Channels are the last dimension. What `RowWindowOpInterface` is for rows,
    this is for channels.

    The default implementations are those of an operation with one result whose
    channel c is computed from channel c of every operand.
  }];
  let methods = [
    InterfaceMethod<[{
        Whether this operation, with its present operands, can be computed a
        range of channels at a time.
      }], "bool", "isChannelSplittable", (ins), "",
      [{ return ::windrow::nn::hasChannels($_op->getResult(0)); }]>,
    InterfaceMethod<[{
        Whether operand `operandIndex` is read a region at a time. The others
        (weights) are given whole to `buildChannels`, which takes its part of
        them.
      }], "bool", "carriesChannels", (ins "unsigned":$operandIndex), "",
      [{ return true; }]>,
    InterfaceMethod<[{
        The region of operand `operandIndex`, one that carries channels, that
        the output channels `outputChannels`, not empty, read. Empty where they
        read nothing of it, as of one operand of a concatenation.
      }], "::windrow::TensorRegion", "getChannelRegion",
      (ins "unsigned":$operandIndex,
           "::windrow::ChannelInterval":$outputChannels), "",
      [{
        ::windrow::TensorRegion whole =
            ::windrow::nn::wholeRegion($_op->getOperand(operandIndex));
        return {whole.rows, outputChannels};
      }]>,
    InterfaceMethod<[{
        Builds what computes `outputChannels`, which must not be empty, from
        `operands`: those that carry channels hold exactly their region, and
        are null where that is empty; the others are whole.
      }], "::mlir::Value", "buildChannels",
      (ins "::mlir::OpBuilder &":$builder,
           "::llvm::ArrayRef<::mlir::Value>":$operands,
           "::windrow::ChannelInterval":$outputChannels), "",
      [{
        return ::windrow::nn::buildChannelPart(builder, $_op, operands,
                                               outputChannels.size())
            ->getResult(0);
      }]>
  ];
}

def ChannelReductionOpInterface : OpInterface<"ChannelReductionOpInterface"> {
  let cppNamespace = "::windrow::nn";
  let description = [{
    An operation that sums over all channels of operand 0, weighted: a partial
    result per range of its channels, then the elementwise sum of the partial
    results, then a last step. Exact but for the rounding of the sums.
  }];
  let methods = [
    InterfaceMethod<[{
        Whether this operation can be computed from partial results.
      }], "bool", "isChannelReducible", (ins), "", [{ return true; }]>,
    InterfaceMethod<[{
        Builds the partial result, of the result's shape, of `input`, which
        holds the channels `inputChannels`, not empty, of operand 0.
      }], "::mlir::Value", "buildChannelPartial",
      (ins "::mlir::OpBuilder &":$builder, "::mlir::Value":$input,
           "::windrow::ChannelInterval":$inputChannels)>,
    InterfaceMethod<[{
        Builds a part of the result, which has the channels `outputChannels`,
        from `sum`, the sum of this part of all partial results.
      }], "::mlir::Value", "buildChannelFinal",
      (ins "::mlir::OpBuilder &":$builder, "::mlir::Value":$sum,
           "::windrow::ChannelInterval":$outputChannels)>
  ];
}

def CostOpInterface : OpInterface<"CostOpInterface"> {
  let cppNamespace = "::windrow::nn";
  let description = [{
    What the operation costs as it stands: arithmetic and memory traffic. For a
    range of rows, build the strip and ask that, or scale by rows: both agree
    but for the filters, which a strip reads whole.
  }];
  let methods = [
    InterfaceMethod<[{
        Multiply-accumulates and bytes of one execution.
      }], "::windrow::nn::OpCost", "getCost", (ins)>
  ];
}

#endif // WINDROW_DIALECTS_NN_NNINTERFACES_TD

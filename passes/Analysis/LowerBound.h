//===- LowerBound.h - What no plan can beat ---------------------*- C++ -*-===//
//
// Part of the Windrow Project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

//
// Two relaxations of the planning problem; each bounds the latency from below,
// by the cost model.
//
// Load: all work, at the best rate of any number of rows, shared without loss.
// Every plan obeys it, whatever its form.
//
// Steps: dynamic programming over the layers; a state is a layer's form and the
// number of devices that compute some of it, the fastest ones. What it adds up
// is the mean of their clocks, weighted by their speeds (BoundCosts.h,
// BoundExchanges.h). No device is ever ahead of its own clock, and whoever
// reads what all have computed is behind the clock of each, hence behind every
// mean of them; so along every layer and exchange the mean grows at least by
//
// - the mean of the seconds of a layer. Rows are whole and of whole grains, but
//   it is the mean that counts and not the greatest: a plan may give a device
//   more rows in one layer and fewer in the next;
// - each message that cannot be spared, at the processors of both its ends. A
//   bound between devices takes one, or rows computed on both sides of it,
//   which further windows use up;
// - what exchanges take that nothing hides. Where everybody sends to everybody,
//   half of the other messages of a source leave before one of its messages, as
//   the mean, and half of the others to a reader arrive after it. Results by
//   channels may travel in up to eight pieces.
//
// A stream (LayerStream.h), of rows or on one device, begins when an eighth of
// the image is there and does not end before all of it is; of what leaves it,
// all but an eighth may have travelled before, and rows at every second bound
// between devices altogether.
//
// Residual values and memory cost nothing. Three things are assumed and not
// proved, but tested against plans that were searched to refute them: that the
// mean carries over from one set of devices to another; that no device has more
// than twice its share of a layer; and that plans whose bounds drift one way,
// and so spare half of the waiting for halos, gain no more than those that
// compute rows again.
//
//===----------------------------------------------------------------------===//

#ifndef WINDROW_PASSES_ANALYSIS_LOWERBOUND_H
#define WINDROW_PASSES_ANALYSIS_LOWERBOUND_H

#include "passes/Analysis/CostModel.h"

namespace windrow {

/// The greater of the two bounds, in seconds; unless `mayStream`, of plans
/// without streams.
double boundLatency(const CostModel &model, bool mayStream = true);

} // namespace windrow

#endif // WINDROW_PASSES_ANALYSIS_LOWERBOUND_H

//===- Interpreter.cpp - Executes IR as its documentation says ------------===//
//
// Part of the Windrow Project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "test/interpreter/Interpreter.h"

#include "dialects/Cluster/Cluster.h"
#include "dialects/Nn/Nn.h"

#include "mlir/IR/DialectResourceBlobManager.h"
#include "llvm/ADT/TypeSwitch.h"

#include <deque>
#include <map>
#include <memory>

using namespace mlir;
using namespace windrow;

namespace windrow::reference {

namespace {

using TensorRef = std::shared_ptr<const Tensor>;

/// Messages that were sent and not received, by channel.
using Mailbox = std::map<int64_t, std::deque<TensorRef>>;

Shape toShape(ArrayRef<int64_t> numbers) {
  return Shape(numbers.begin(), numbers.end());
}

Sliding toSliding(ArrayRef<int64_t> kernel, ArrayRef<int64_t> strides,
                  ArrayRef<int64_t> dilations, ArrayRef<int64_t> pads) {
  return {{kernel[0], kernel[1]},
          {strides[0], strides[1]},
          {dilations[0], dilations[1]},
          {pads[0], pads[1], pads[2], pads[3]}};
}

Tensor applyClamp(Tensor tensor, std::optional<nn::ClampAttr> bounds) {
  return bounds ? clamp(std::move(tensor), bounds->getMinValue(),
                        bounds->getMaxValue())
                : tensor;
}

bool isSupportedType(Type type) {
  auto tensor = dyn_cast<RankedTensorType>(type);
  return tensor && tensor.hasStaticShape() &&
         (tensor.getElementType().isF32() ||
          tensor.getElementType().isUnsignedInteger(8));
}

/// The elements of `value` in its own order.
FailureOr<Tensor> readElements(nn::ConstantOp op) {
  ElementsAttr value = op.getValue();
  auto type = cast<RankedTensorType>(value.getShapedType());
  Tensor result(toShape(type.getShape()));
  if (auto resource = dyn_cast<DenseResourceElementsAttr>(value)) {
    AsmResourceBlob *blob = resource.getRawHandle().getBlob();
    size_t bytes = result.values.size() * sizeof(float);
    if (!blob || blob->getData().size() != bytes)
      return op.emitOpError() << "resource must hold " << bytes << " bytes";
    std::memcpy(result.values.data(), blob->getData().data(), bytes);
    return result;
  }
  auto dense = dyn_cast<DenseElementsAttr>(value);
  if (!dense)
    return op.emitOpError() << "value of an unsupported kind";
  llvm::copy(dense.getValues<float>(), result.values.begin());
  return result;
}

FailureOr<Tensor> evaluateConstant(nn::ConstantOp op) {
  FailureOr<Tensor> elements = readElements(op);
  if (failed(elements))
    return failure();
  Tensor result = std::move(*elements);
  if (auto view = op.getView())
    result = reshape(std::move(result), toShape(*view));
  if (auto permutation = op.getPermutation())
    result = transpose(result, toShape(*permutation));
  result = reshape(std::move(result), toShape(op.getWholeShape()));
  if (!op.isPart())
    return result;
  return slice(result, toShape(*op.getOffsets()),
               toShape(op.getType().getShape()));
}

/// The values of one run of one function, and what nn operations make of them.
class Values {
public:
  void define(Value value, Tensor tensor) {
    tensors[value] = std::make_shared<const Tensor>(std::move(tensor));
  }
  void define(Value value, TensorRef tensor) {
    tensors[value] = std::move(tensor);
  }
  TensorRef getRef(Value value) const { return tensors.at(value); }
  const Tensor &get(Value value) const { return *tensors.at(value); }

  /// The result of `op`, any operation of the nn dialect.
  FailureOr<Tensor> evaluate(Operation &op) const;

private:
  const Tensor *getOrNull(Value value) const {
    return value ? &get(value) : nullptr;
  }
  Tensor compute(nn::Conv2DOp op) const;
  Tensor compute(nn::MaxPool2DOp op) const;
  Tensor compute(nn::AvgPool2DOp op) const;
  Tensor compute(nn::GlobalAvgPoolOp op) const;
  Tensor compute(nn::GlobalSumPoolOp op) const;
  Tensor compute(nn::FullyConnectedOp op) const;
  Tensor compute(nn::AddOp op) const;
  Tensor compute(nn::MultiplyOp op) const;
  Tensor compute(nn::ClampOp op) const;
  Tensor compute(nn::SigmoidOp op) const;
  Tensor compute(nn::HardSwishOp op) const;
  Tensor compute(nn::SoftmaxOp op) const;
  Tensor compute(nn::ScaleShiftOp op) const;
  Tensor compute(nn::NormalizeImageOp op) const;
  Tensor compute(nn::ConcatOp op) const;
  Tensor compute(nn::PadOp op) const;
  Tensor compute(nn::SliceOp op) const;
  Tensor compute(nn::ReshapeOp op) const;
  Tensor compute(nn::TransposeOp op) const;

  llvm::DenseMap<Value, TensorRef> tensors;
};

Tensor Values::compute(nn::Conv2DOp op) const {
  Sliding sliding = toSliding(op.getFilter().getType().getShape().slice(1, 2),
                              op.getStrides(), op.getDilations(), op.getPads());
  return applyClamp(conv2D(get(op.getInput()), get(op.getFilter()),
                           getOrNull(op.getBias()), sliding, op.getGroups()),
                    op.getClamp());
}

Tensor Values::compute(nn::MaxPool2DOp op) const {
  Sliding sliding = toSliding(op.getKernel(), op.getStrides(),
                              op.getDilations(), op.getPads());
  return applyClamp(maxPool2D(get(op.getInput()), sliding), op.getClamp());
}

Tensor Values::compute(nn::AvgPool2DOp op) const {
  Sliding sliding =
      toSliding(op.getKernel(), op.getStrides(), {1, 1}, op.getPads());
  return applyClamp(avgPool2D(get(op.getInput()), sliding), op.getClamp());
}

Tensor Values::compute(nn::GlobalAvgPoolOp op) const {
  return globalAvgPool(get(op.getInput()));
}

Tensor Values::compute(nn::GlobalSumPoolOp op) const {
  return globalSumPool(get(op.getInput()));
}

/// `tensor` with its elements rounded as `storage` says.
static Tensor store(Tensor tensor, nn::WeightStorage storage) {
  if (storage == nn::WeightStorage::F32)
    return tensor;
  const llvm::fltSemantics &narrow = storage == nn::WeightStorage::F16
                                         ? llvm::APFloat::IEEEhalf()
                                         : llvm::APFloat::BFloat();
  for (float &element : tensor.values) {
    llvm::APFloat value(element);
    bool isInexact;
    value.convert(narrow, llvm::APFloat::rmNearestTiesToEven, &isInexact);
    value.convert(llvm::APFloat::IEEEsingle(),
                  llvm::APFloat::rmNearestTiesToEven, &isInexact);
    element = value.convertToFloat();
  }
  return tensor;
}

Tensor Values::compute(nn::FullyConnectedOp op) const {
  return applyClamp(fullyConnected(get(op.getInput()),
                                   store(get(op.getFilter()), op.getStorage()),
                                   getOrNull(op.getBias())),
                    op.getClamp());
}

Tensor Values::compute(nn::AddOp op) const {
  return applyClamp(add(get(op.getLhs()), get(op.getRhs())), op.getClamp());
}

Tensor Values::compute(nn::MultiplyOp op) const {
  return applyClamp(multiply(get(op.getLhs()), get(op.getRhs())),
                    op.getClamp());
}

Tensor Values::compute(nn::ClampOp op) const {
  return applyClamp(get(op.getInput()), op.getBounds());
}

Tensor Values::compute(nn::SigmoidOp op) const {
  return sigmoid(get(op.getInput()));
}

Tensor Values::compute(nn::HardSwishOp op) const {
  return hardSwish(get(op.getInput()));
}

Tensor Values::compute(nn::SoftmaxOp op) const {
  return softmax(get(op.getInput()));
}

Tensor Values::compute(nn::ScaleShiftOp op) const {
  return applyClamp(
      scaleShift(get(op.getInput()), get(op.getScale()), get(op.getShift())),
      op.getClamp());
}

Tensor Values::compute(nn::NormalizeImageOp op) const {
  return normalizeImage(get(op.getInput()), op.getMean().vec(),
                        op.getDeviation().vec());
}

Tensor Values::compute(nn::ConcatOp op) const {
  std::vector<const Tensor *> inputs;
  for (Value input : op.getInputs())
    inputs.push_back(&get(input));
  return concat(inputs, op.getAxis());
}

Tensor Values::compute(nn::PadOp op) const {
  return pad(get(op.getInput()), toShape(op.getLow()), toShape(op.getHigh()));
}

Tensor Values::compute(nn::SliceOp op) const {
  return slice(get(op.getInput()), toShape(op.getOffsets()),
               toShape(op.getSizes()));
}

Tensor Values::compute(nn::ReshapeOp op) const {
  return reshape(get(op.getInput()), toShape(op.getType().getShape()));
}

Tensor Values::compute(nn::TransposeOp op) const {
  return transpose(get(op.getInput()), toShape(op.getPermutation()));
}

FailureOr<Tensor> Values::evaluate(Operation &op) const {
  using Result = FailureOr<Tensor>;
  return llvm::TypeSwitch<Operation *, Result>(&op)
      .Case([](nn::ConstantOp op) { return evaluateConstant(op); })
      .Case<nn::Conv2DOp, nn::MaxPool2DOp, nn::AvgPool2DOp, nn::GlobalAvgPoolOp,
            nn::GlobalSumPoolOp, nn::FullyConnectedOp, nn::AddOp,
            nn::MultiplyOp, nn::ClampOp, nn::SigmoidOp, nn::HardSwishOp,
            nn::SoftmaxOp, nn::ScaleShiftOp, nn::NormalizeImageOp, nn::ConcatOp,
            nn::PadOp, nn::SliceOp, nn::ReshapeOp, nn::TransposeOp>(
          [&](auto op) { return Result(compute(op)); })
      .Default([](Operation *op) -> Result {
        return op->emitOpError() << "is not supported by the interpreter";
      });
}

/// One run of one function: the position and what was computed so far.
class Execution {
public:
  Execution(func::FuncOp function, Mailbox &mailbox)
      : function(function), mailbox(mailbox) {}

  LogicalResult start(ArrayRef<Tensor> inputs);

  /// Executes operations until the function returns or waits; tells whether any
  /// was executed.
  FailureOr<bool> advance();

  bool isDone() const { return done; }
  /// The receive that cannot be executed yet.
  Operation *getWaiting() const { return &*next; }
  Tensors takeResults() { return std::move(results); }

private:
  LogicalResult execute(Operation &op);
  LogicalResult executeFragment(cluster::FragmentOp op);
  void executeAllGather(cluster::AllGatherOp op);
  void executeAllReduce(cluster::AllReduceOp op);

  func::FuncOp function;
  Mailbox &mailbox;
  Block::iterator next;
  Values values;
  Tensors results;
  bool done = false;
};

LogicalResult Execution::start(ArrayRef<Tensor> inputs) {
  if (inputs.size() != function.getNumArguments())
    return function.emitOpError()
           << "must be given " << function.getNumArguments() << " inputs, got "
           << inputs.size();
  for (auto [argument, input] :
       llvm::zip_equal(function.getArguments(), inputs)) {
    auto type = dyn_cast<RankedTensorType>(argument.getType());
    if (!type || toShape(type.getShape()) != input.shape)
      return function.emitOpError()
             << "input " << argument.getArgNumber() << " must be "
             << argument.getType() << ", got the shape ["
             << ArrayRef<int64_t>(input.shape) << "]";
    values.define(argument, input);
  }
  next = function.getBody().front().begin();
  return success();
}

FailureOr<bool> Execution::advance() {
  bool moved = false;
  while (!done) {
    Operation &op = *next;
    if (auto recv = dyn_cast<cluster::RecvOp>(op)) {
      std::deque<TensorRef> &messages = mailbox[recv.getChannel()];
      if (messages.empty())
        return moved;
      values.define(recv.getResult(), messages.front());
      messages.pop_front();
    } else if (failed(execute(op))) {
      return failure();
    }
    moved = true;
    ++next;
  }
  return moved;
}

LogicalResult Execution::execute(Operation &op) {
  for (Type type : op.getResultTypes())
    if (!isSupportedType(type))
      return op.emitOpError() << "has an unsupported result type " << type;
  if (auto ret = dyn_cast<func::ReturnOp>(op)) {
    for (Value operand : ret.getOperands())
      results.push_back(values.get(operand));
    done = true;
    return success();
  }
  if (auto fragment = dyn_cast<cluster::FragmentOp>(op))
    return executeFragment(fragment);
  if (auto gather = dyn_cast<cluster::AllGatherOp>(op)) {
    executeAllGather(gather);
    return success();
  }
  if (auto reduce = dyn_cast<cluster::AllReduceOp>(op)) {
    executeAllReduce(reduce);
    return success();
  }
  if (auto transfer = dyn_cast<cluster::TransferOp>(op)) {
    values.define(transfer.getResult(), values.getRef(transfer.getValue()));
    return success();
  }
  if (auto send = dyn_cast<cluster::SendOp>(op)) {
    mailbox[send.getChannel()].push_back(values.getRef(send.getValue()));
    return success();
  }
  FailureOr<Tensor> result = values.evaluate(op);
  if (failed(result))
    return failure();
  values.define(op.getResult(0), std::move(*result));
  return success();
}

LogicalResult Execution::executeFragment(cluster::FragmentOp fragment) {
  Block &body = fragment.getBody().front();
  for (Operation &op : body.without_terminator())
    if (failed(execute(op)))
      return failure();
  for (auto [result, yielded] : llvm::zip_equal(
           fragment.getResults(), body.getTerminator()->getOperands()))
    values.define(result, values.getRef(yielded));
  return success();
}

void Execution::executeAllGather(cluster::AllGatherOp op) {
  std::vector<const Tensor *> parts;
  for (Value part : op.getParts())
    parts.push_back(&values.get(part));
  TensorRef joined =
      std::make_shared<const Tensor>(concat(parts, op.getAxis()));
  for (Value result : op.getResults())
    values.define(result, joined);
}

void Execution::executeAllReduce(cluster::AllReduceOp op) {
  Tensor sum = values.get(op.getParts().front());
  for (Value part : op.getParts().drop_front())
    sum = add(sum, values.get(part));
  TensorRef shared = std::make_shared<const Tensor>(std::move(sum));
  for (Value result : op.getResults())
    values.define(result, shared);
}

/// Emits an error at every function that waits.
LogicalResult reportDeadlock(ArrayRef<std::unique_ptr<Execution>> executions) {
  for (const auto &execution : executions)
    if (!execution->isDone())
      execution->getWaiting()->emitOpError()
          << "waits for a message that nobody can send any more";
  return failure();
}

} // namespace

FailureOr<Tensors> interpret(func::FuncOp function, ArrayRef<Tensor> inputs) {
  Mailbox mailbox;
  Execution execution(function, mailbox);
  if (failed(execution.start(inputs)) || failed(execution.advance()))
    return failure();
  if (!execution.isDone())
    return execution.getWaiting()->emitOpError()
           << "waits for a message in a function that runs alone";
  return execution.takeResults();
}

/// The function of `model` that has the model's inputs and outputs.
static FailureOr<func::FuncOp> findEntry(ModuleOp model) {
  if (auto client = model.lookupSymbol<ModuleOp>(cluster::clientName))
    model = client;
  auto functions = llvm::to_vector(model.getOps<func::FuncOp>());
  if (functions.size() != 1)
    return model.emitOpError()
           << "must hold one function, got " << functions.size();
  return functions.front();
}

static bool isNchw(Attribute layout) {
  return layout && cast<StringAttr>(layout) == "NCHW";
}

FailureOr<Tensors> interpretModel(ModuleOp model, ArrayRef<Tensor> inputs) {
  FailureOr<func::FuncOp> entry = findEntry(model);
  if (failed(entry))
    return failure();
  Tensors ownInputs(inputs);
  for (auto [index, input] : llvm::enumerate(ownInputs))
    if (index < entry->getNumArguments() && input.shape.size() == 4 &&
        isNchw(entry->getArgAttr(index, nn::modelLayoutAttrName)))
      input = transpose(input, {0, 2, 3, 1});
  FailureOr<Tensors> results = (*entry)->getParentOp() == model
                                   ? interpret(*entry, ownInputs)
                                   : interpretDevices(model, ownInputs);
  if (failed(results))
    return failure();
  for (auto [index, result] : llvm::enumerate(*results))
    if (isNchw(entry->getResultAttr(index, nn::modelLayoutAttrName)))
      result = transpose(result, {0, 3, 1, 2});
  return results;
}

FailureOr<Tensors> interpretDevices(ModuleOp plan, ArrayRef<Tensor> inputs) {
  Mailbox mailbox;
  SmallVector<std::unique_ptr<Execution>> executions;
  Execution *client = nullptr;
  for (ModuleOp participant : plan.getOps<ModuleOp>()) {
    bool isClient = participant.getSymName() == cluster::clientName;
    for (func::FuncOp function : participant.getOps<func::FuncOp>()) {
      executions.push_back(std::make_unique<Execution>(function, mailbox));
      if (isClient)
        client = executions.back().get();
      if (failed(
              executions.back()->start(isClient ? inputs : ArrayRef<Tensor>())))
        return failure();
    }
  }
  if (!client)
    return plan.emitOpError() << "must hold a module 'client' with a function";
  auto isDone = [](const auto &execution) { return execution->isDone(); };
  while (!llvm::all_of(executions, isDone)) {
    bool moved = false;
    for (const auto &execution : executions) {
      FailureOr<bool> advanced = execution->advance();
      if (failed(advanced))
        return failure();
      moved |= *advanced;
    }
    if (!moved)
      return reportDeadlock(executions);
  }
  for (const auto &[channel, messages] : mailbox)
    if (!messages.empty())
      return plan.emitOpError()
             << "leaves a message on channel " << channel << " unread";
  return client->takeResults();
}

} // namespace windrow::reference

//===- Devices.cpp - The machines that a module names ---------------------===//
//
// Part of the Windrow Project, under the Apache License v2.0 with LLVM
// Exceptions. See LICENSE for license information.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "passes/Partition/Devices.h"

#include "dialects/Cluster/Cluster.h"
#include "mlir/Dialect/DLTI/DLTI.h"
#include "mlir/IR/Builders.h"
#include "llvm/ADT/StringSet.h"

using namespace mlir;
using namespace windrow;
using namespace windrow::cluster;

static constexpr StringLiteral addressKey = "cluster.address";
static constexpr StringLiteral threadsKey = "cluster.threads";
static constexpr StringLiteral speedKey = "cluster.speed";
static constexpr StringLiteral memoryKey = "cluster.memory_mb";
static constexpr StringLiteral gflopsKey = "cluster.gflops";
static constexpr StringLiteral gbpsKey = "cluster.gbps";

//===----------------------------------------------------------------------===//
// Writing
//===----------------------------------------------------------------------===//

static Attribute describeDevice(Builder &builder,
                                const DeviceDescription &device) {
  SmallVector<DataLayoutEntryInterface> facts;
  auto add = [&](StringRef key, Attribute value) {
    facts.push_back(
        DataLayoutEntryAttr::get(builder.getStringAttr(key), value));
  };
  add(addressKey, builder.getStringAttr(device.address));
  add(threadsKey, builder.getI64IntegerAttr(device.threads));
  add(speedKey, builder.getF64FloatAttr(device.speed));
  if (device.memoryMb)
    add(memoryKey, builder.getI64IntegerAttr(*device.memoryMb));
  if (device.gflops)
    add(gflopsKey, builder.getF64FloatAttr(*device.gflops));
  if (device.gbps)
    add(gbpsKey, builder.getF64FloatAttr(*device.gbps));
  return TargetDeviceSpecAttr::get(builder.getContext(), facts);
}

void cluster::attachDevices(ModuleOp module,
                            const ClusterDescription &description) {
  Builder builder(module.getContext());
  SmallVector<DataLayoutEntryInterface> devices;
  for (const DeviceDescription &device : description.devices)
    devices.push_back(DataLayoutEntryAttr::get(
        builder.getStringAttr(device.name), describeDevice(builder, device)));
  module->setAttr(DLTIDialect::kTargetSystemDescAttrName,
                  TargetSystemSpecAttr::get(builder.getContext(), devices));

  SmallVector<Attribute> links;
  auto addLink = [&](ArrayRef<StringAttr> between,
                     const LinkDescription &link) {
    links.push_back(LinkAttr::get(builder.getContext(), between,
                                  builder.getF64FloatAttr(link.bandwidthMbit),
                                  builder.getF64FloatAttr(link.latencyUs)));
  };
  addLink({}, description.defaultLink);
  for (const LinkException &exception : description.linkExceptions)
    addLink({builder.getStringAttr(exception.first),
             builder.getStringAttr(exception.second)},
            exception.link);
  module->setAttr(linksAttrName, builder.getArrayAttr(links));
}

//===----------------------------------------------------------------------===//
// Reading
//===----------------------------------------------------------------------===//

/// Reads the entries of one device into `device`, whose name is set.
static LogicalResult readDevice(ModuleOp module, Attribute spec,
                                DeviceDescription &device) {
  auto facts = dyn_cast<TargetDeviceSpecInterface>(spec);
  if (!facts)
    return module.emitError() << "device \"" << device.name
                              << "\" must have a #dlti.target_device_spec";
  for (DataLayoutEntryInterface fact : facts.getEntries()) {
    auto key = dyn_cast<StringAttr>(fact.getKey());
    if (!key)
      continue;
    auto text = dyn_cast<StringAttr>(fact.getValue());
    auto integer = dyn_cast<IntegerAttr>(fact.getValue());
    auto number = dyn_cast<FloatAttr>(fact.getValue());
    auto mustBe = [&](StringRef what) -> LogicalResult {
      return module.emitError()
             << key << " of device \"" << device.name << "\" must be " << what
             << ", got " << fact.getValue();
    };
    if (key == addressKey) {
      if (!text)
        return mustBe("a string");
      device.address = text.str();
    } else if (key == threadsKey) {
      if (!integer || integer.getInt() < 1)
        return mustBe("an integer of at least 1");
      device.threads = integer.getInt();
    } else if (key == speedKey || key == gflopsKey || key == gbpsKey) {
      if (!number || !(number.getValueAsDouble() > 0))
        return mustBe("a positive number");
      const double value = number.getValueAsDouble();
      if (key == speedKey)
        device.speed = value;
      else
        (key == gflopsKey ? device.gflops : device.gbps) = value;
    } else if (key == memoryKey) {
      if (!integer || integer.getInt() < 1)
        return mustBe("an integer of at least 1");
      device.memoryMb = integer.getInt();
    }
  }
  return success();
}

/// Reads `cluster.links`, whose form the dialect has verified.
static LogicalResult readLinks(ModuleOp module,
                               ClusterDescription &description) {
  auto links = module->getAttrOfType<ArrayAttr>(linksAttrName);
  if (!links)
    return success();
  llvm::StringSet<> names;
  names.insert(clientName);
  for (const DeviceDescription &device : description.devices)
    names.insert(device.name);
  for (LinkAttr link : links.getAsRange<LinkAttr>()) {
    LinkDescription facts{link.getBandwidthMbit().getValueAsDouble(),
                          link.getLatencyUs().getValueAsDouble()};
    ArrayRef<StringAttr> between = link.getBetween();
    if (between.empty()) {
      description.defaultLink = facts;
      continue;
    }
    for (StringAttr name : between)
      if (!names.contains(name.getValue()))
        return module.emitError() << "a link must join devices of the module "
                                     "or the client, got "
                                  << name;
    description.linkExceptions.push_back(
        {between[0].str(), between[1].str(), facts});
  }
  return success();
}

FailureOr<ClusterDescription> cluster::readDevices(ModuleOp module) {
  auto spec = module->getAttrOfType<TargetSystemSpecInterface>(
      DLTIDialect::kTargetSystemDescAttrName);
  if (!spec || spec.getEntries().empty())
    return module.emitError() << "must name at least one device in '"
                              << DLTIDialect::kTargetSystemDescAttrName << "'";
  ClusterDescription description;
  for (DataLayoutEntryInterface entry : spec.getEntries()) {
    DeviceDescription &device = description.devices.emplace_back();
    device.name = cast<StringAttr>(entry.getKey()).str();
    if (device.name == clientName)
      return module.emitError()
             << "\"" << clientName << "\" must not be the name of a device";
    if (failed(readDevice(module, entry.getValue(), device)))
      return failure();
  }
  if (failed(readLinks(module, description)))
    return failure();
  return description;
}

FailureOr<func::FuncOp> cluster::getOnlyFunction(ModuleOp module) {
  auto functions = llvm::to_vector(module.getOps<func::FuncOp>());
  if (functions.size() != 1)
    return module.emitError()
           << "must hold one function, got " << functions.size();
  if (!functions.front().getBody().hasOneBlock())
    return functions.front().emitOpError() << "must have a body of one block";
  return functions.front();
}

#===- student_norms.py - Batch norms that a network is tuned with ----------===#
#
# Part of the Windrow Project, under the Apache License v2.0 with LLVM
# Exceptions. See LICENSE for license information.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#
#===------------------------------------------------------------------------===#
"""Put a compacted network into a form that gradient descent tunes well.

Layers that were fitted in closed form have weights of any size, and some pass on
values that are hundreds of times larger than others: the first steps of a common
learning rate would undo the fit. Behind a batch norm only the direction of a filter
matters (Salimans and Kingma, "Weight Normalization", 2016), so every convolution gets
one, and filters of length 1 whose results have deviation 1; what was taken from a
filter is given to the next. All of it is folded when the network is written.
"""

import functools

import torch

# How Windrow's passes call the parts of what replaces a convolution.
NEXT_PART = {"/reduce": "/filter", "/filter": "/expand", "/depthwise": "/pointwise"}
LAST_PARTS = ("/expand", "/pointwise")
SMALLEST = 1e-12
SMALLEST_DEVIATION = 1e-3  # of the largest one of a layer


def channel_moments(values):
    """Mean and variance of each channel of [n, c, h, w]."""
    return values.mean((0, 2, 3)), values.var((0, 2, 3), unbiased=False)


def part_of(name, parts):
    """The one of `parts` that the name of a convolution ends with, or none."""
    return next((part for part in parts if name.endswith(part)), "")


def last_parts(student, teacher):
    """Name of a convolution of the student -> that of the original's convolution
    that it is, or that it is the last part of."""
    channels = {node.name: teacher.layer(node.name).out_channels
                for node in teacher.nodes if node.op_type == "Conv"}
    result = {}
    for node in student.nodes:
        if node.op_type != "Conv":
            continue
        original = node.name.removesuffix(part_of(node.name, LAST_PARTS))
        if channels.get(original) == student.layer(node.name).out_channels:
            result[node.name] = original
    return result


def batch_norm_behind(student, name):
    """Name of the batch norm that alone reads what convolution `name` computes, at
    most behind a ReLU; none if there is no such."""
    readers = student.readers(name)
    if len(readers) == 1 and readers[0].op_type == "Relu":
        readers = student.readers(readers[0].name)
    is_norm = len(readers) == 1 and readers[0].op_type == "BatchNormalization"
    return readers[0].name if is_norm else None


def next_part(student, name):
    """The convolution that alone reads the results of `name`, up to an attention that
    is neutral; none if there is no such."""
    part = part_of(name, NEXT_PART)
    stem = name.removesuffix(part)
    for node in student.nodes:
        if node.name.startswith(stem + "/attention") and str(
                student.index[node.name]) in student.layers:
            if student.layer(node.name).weight.any():
                return None
    return student.layer(stem + NEXT_PART[part]) if part else None


def prepare_norms(student, teacher, images):
    """Add the batch norms, for moments seen on `images`, an input of both networks.

    The last parts of what took a convolution's place, and convolutions that are left,
    get the moments that the original's convolution has; all else goes on computing
    what it does.
    """
    convolutions = [node.name for node in student.nodes if node.op_type == "Conv"]
    behind = {batch_norm_behind(student, name): name for name in convolutions}
    added = [name for name in convolutions if batch_norm_behind(student, name) is None]
    parts = {name: original for name, original in last_parts(student, teacher).items()
             if name in added}
    for name in added:
        student.add_batch_norm(name)
    with torch.no_grad():
        _, kept = teacher(images, keep=tuple(set(parts.values())))
        targets = {name: channel_moments(kept[original]) for name, original in parts.items()}

        def start(norm, operands, name):
            is_added = name in added
            convolution = name if is_added else behind.get(name)
            x = operands[0]
            if not is_added:
                function = function_of(norm)
            elif name in targets:
                function = towards(targets[name], *channel_moments(x))
            else:
                function = pass_on(next_part(student, name), x)
            length = unit_filters(student.layer(convolution)) if convolution else 1.0
            return compute(norm, x, length, *function)

        # Each runs before what reads its layer does: layer by layer, along the graph.
        hooks = [norm.register_forward_pre_hook(functools.partial(start, name=name))
                 for name, _, norm in student.batch_norms()]
        student.eval()
        student(images)
    for hook in hooks:
        hook.remove()


def unit_filters(layer):
    """Give the filters of a convolution length 1; returns what they had."""
    length = layer.weight.flatten(1).norm(dim=1).clamp(min=SMALLEST)
    layer.weight.div_(length[:, None, None, None])
    if layer.bias is not None:
        layer.bias.div_(length)
    return length


#===------------------------------------------------------------------------===#
# What a batch norm computes, as scale and shift of each channel
#===------------------------------------------------------------------------===#


def function_of(norm):
    scale = norm.weight / torch.sqrt(norm.running_var + norm.eps)
    return scale, norm.bias - norm.running_mean * scale


def towards(target, mean, variance):
    """What gives channels of some mean and variance those of `target`."""
    scale = torch.sqrt(target[1] / variance.clamp(min=SMALLEST))
    return scale, target[0] - scale * mean


def pass_on(following, x):
    """Nothing; or deviation 1, if there is a convolution that makes up for it."""
    deviation = torch.sqrt(channel_moments(x)[1])
    deviation = deviation.clamp(min=max(SMALLEST_DEVIATION * deviation.max().item(),
                                        SMALLEST))
    if following is None:
        return torch.ones_like(deviation), torch.zeros_like(deviation)
    following.weight.mul_(deviation[:, None, None])
    return 1 / deviation, torch.zeros_like(deviation)


def compute(norm, x, length, scale, shift):
    """Let `norm` compute scale * x + shift from x / length, which is returned, and
    know the moments of that."""
    mean, variance = channel_moments(x)
    norm.eps = 1e-5
    norm.running_mean.copy_(mean / length)
    norm.running_var.copy_(variance / length**2)
    norm.weight.copy_(scale * length * torch.sqrt(norm.running_var + norm.eps))
    norm.bias.copy_(shift + scale * mean)
    return x / (length[:, None, None] if torch.is_tensor(length) else length)

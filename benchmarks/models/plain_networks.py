#===- plain_networks.py - VGG, SqueezeNet, DenseNet, GoogLeNet -------------===#
#
# Part of the Windrow Project, under the Apache License v2.0 with LLVM
# Exceptions. See LICENSE for license information.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#
#===------------------------------------------------------------------------===#
"""Networks without residual additions."""

VGG_STAGES = {
    11: ((64,), (128,), (256, 256), (512, 512), (512, 512)),
    13: ((64, 64), (128, 128), (256, 256), (512, 512), (512, 512)),
    16: ((64, 64), (128, 128), (256,) * 3, (512,) * 3, (512,) * 3),
    19: ((64, 64), (128, 128), (256,) * 4, (512,) * 4, (512,) * 4),
}


def vgg(b, layers, form):
    """Simonyan and Zisserman, 2014, table 1. `form` is the order of a layer:
    "relu", "bn_relu", or "relu_bn" as EdgeDI has it (no bias)."""
    x = b.input
    for stage in VGG_STAGES[layers]:
        for channels in stage:
            x = b.conv(x, b.thin(channels), 3, padding=1, bias=form != "relu_bn")
            if form == "bn_relu":
                x = b.batch_norm(x)
            x = b.relu(x)
            if form == "relu_bn":
                x = b.batch_norm(x)
        x = b.max_pool(x, 2, 2)
    # torchvision's adaptive pool to 7x7 becomes this node when it is exported.
    x = b.flatten(b.average_pool(x, 1, 1))
    for _ in range(2):
        x = b.relu(b.linear(x, b.thin(4096)))
    return b.linear(x, b.options.classes)


# Squeezed and expanded channels of the fire modules; None is a max pool.
FIRES = (None, (16, 64), (16, 64), None, (32, 128), (32, 128), None, (48, 192),
         (48, 192), (64, 256), (64, 256))


def squeezenet1_1(b):
    """Iandola et al., 2016, in the smaller form of the authors' version 1.1."""

    def fire(x, squeezed, expanded):
        x = b.relu(b.conv(x, b.thin(squeezed), 1))
        return b.concat([b.relu(b.conv(x, b.thin(expanded), 1)),
                         b.relu(b.conv(x, b.thin(expanded), 3, padding=1))])

    x = b.relu(b.conv(b.input, b.thin(64), 3, stride=2))
    for channels in FIRES:
        x = fire(x, *channels) if channels else b.max_pool(x, 3, 2, ceil_mode=True)
    x = b.relu(b.conv(x, b.options.classes, 1))
    return b.flatten(b.global_pool(x))


def densenet121(b):
    """Huang et al., 2017, table 1."""
    growth = b.thin(32)
    x = b.conv_bn(b.input, b.thin(64), 7, stride=2, padding=3)
    x = b.max_pool(b.relu(x), 3, 2, padding=1)
    blocks = (6, 12, 24, 16)
    for number, layers in enumerate(blocks):
        features = [x]
        for _ in range(layers):
            y = b.concat(features) if len(features) > 1 else x
            y = b.conv_bn(b.relu(b.batch_norm(y)), 4 * growth, 1)
            features.append(b.conv(b.relu(y), growth, 3, padding=1, bias=False))
        x = b.concat(features)
        if number + 1 < len(blocks):
            x = b.relu(b.batch_norm(x))
            x = b.conv(x, x.channels // 2, 1, bias=False)
            x = b.average_pool(x, 2, 2)
    x = b.flatten(b.global_pool(b.relu(b.batch_norm(x))))
    return b.linear(x, b.options.classes)


# Channels of the four branches: 1x1; 1x1 then 3x3; 1x1 then 3x3 (5x5 in the
# paper, 3x3 in torchvision); pool then 1x1.
INCEPTIONS = (
    (64, (96, 128), (16, 32), 32), (128, (128, 192), (32, 96), 64), None,
    (192, (96, 208), (16, 48), 64), (160, (112, 224), (24, 64), 64),
    (128, (128, 256), (24, 64), 64), (112, (144, 288), (32, 64), 64),
    (256, (160, 320), (32, 128), 128), None,
    (256, (160, 320), (32, 128), 128), (384, (192, 384), (48, 128), 128),
)


def googlenet(b):
    """Szegedy et al., 2015, without the auxiliary heads, as in torchvision."""

    def unit(x, channels, kernel, stride=1):
        return b.relu(b.conv_bn(x, b.thin(channels), kernel, stride, kernel // 2,
                                epsilon=1e-3))

    def inception(x, single, middle, large, pooled):
        return b.concat([
            unit(x, single, 1),
            unit(unit(x, middle[0], 1), middle[1], 3),
            unit(unit(x, large[0], 1), large[1], 3),
            unit(b.max_pool(x, 3, 1, padding=1, ceil_mode=True), pooled, 1)])

    x = b.max_pool(unit(b.input, 64, 7, stride=2), 3, 2, ceil_mode=True)
    x = b.max_pool(unit(unit(x, 64, 1), 192, 3), 3, 2, ceil_mode=True)
    for number, branches in enumerate(INCEPTIONS):
        if branches:
            x = inception(x, *branches)
        else:
            # The first pool between inceptions is 3x3, the second 2x2.
            x = b.max_pool(x, 3 if number == 2 else 2, 2, ceil_mode=True)
    return b.linear(b.flatten(b.global_pool(x)), b.options.classes)

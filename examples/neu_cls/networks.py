#===- networks.py - The networks that train.py trains ----------------------===#
#
# Part of the Windrow Project, under the Apache License v2.0 with LLVM
# Exceptions. See LICENSE for license information.
# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#
#===------------------------------------------------------------------------===#
"""Networks for the six-class defect task: input 1x3xHxW, output logits."""

import functools

import torch
from torch import nn


class ResidualBlock(nn.Module):
    """Two 3x3 convolutions and a shortcut, projected where the shape changes.

    After He et al., "Deep Residual Learning for Image Recognition", 2015, fig. 2.
    """

    def __init__(self, in_channels, channels, stride):
        super().__init__()
        self.conv1 = nn.Conv2d(in_channels, channels, 3, stride, 1, bias=False)
        self.norm1 = nn.BatchNorm2d(channels)
        self.conv2 = nn.Conv2d(channels, channels, 3, 1, 1, bias=False)
        self.norm2 = nn.BatchNorm2d(channels)
        self.shortcut = None
        if stride != 1 or in_channels != channels:
            self.shortcut = nn.Sequential(
                nn.Conv2d(in_channels, channels, 1, stride, bias=False),
                nn.BatchNorm2d(channels))

    def forward(self, x):
        skip = x if self.shortcut is None else self.shortcut(x)
        y = torch.relu(self.norm1(self.conv1(x)))
        return torch.relu(self.norm2(self.conv2(y)) + skip)


class SurfaceNet(nn.Module):
    """A thin residual network: 0.5 M parameters, 0.23 GMAC at 200x200."""

    def __init__(self, classes, widths=(24, 32, 64, 96)):
        super().__init__()
        stem, first, second, third = widths
        self.stem = nn.Conv2d(3, stem, 3, 2, 1, bias=False)
        self.norm = nn.BatchNorm2d(stem)
        self.pool = nn.MaxPool2d(3, 2, 1)
        self.stages = nn.Sequential(
            ResidualBlock(stem, first, 1), ResidualBlock(first, first, 1),
            ResidualBlock(first, second, 2), ResidualBlock(second, second, 1),
            ResidualBlock(second, third, 2), ResidualBlock(third, third, 1))
        self.global_pool = nn.AdaptiveAvgPool2d(1)
        self.head = nn.Linear(third, classes)
        for module in self.modules():
            if isinstance(module, nn.Conv2d):
                nn.init.kaiming_normal_(module.weight, mode="fan_out")

    def forward(self, x):
        x = self.pool(torch.relu(self.norm(self.stem(x))))
        x = self.global_pool(self.stages(x))
        return self.head(torch.flatten(x, 1))


class Vgg(nn.Module):
    """VGG as EdgeDI defines it: convolution, ReLU, batch norm; a 6x6 head.

    After Simonyan and Zisserman, "Very Deep Convolutional Networks for Large-Scale
    Image Recognition", 2015, table 1. Images of 200x200 leave 6x6 of the 512 channels;
    what smaller images leave is enlarged to that.
    """

    HEAD = 6

    def __init__(self, classes, convolutions):
        super().__init__()
        layers, in_channels = [], 3
        for count, channels in zip(convolutions, (64, 128, 256, 512, 512)):
            for _ in range(count):
                layers += [nn.Conv2d(in_channels, channels, 3, 1, 1, bias=False),
                           nn.ReLU(inplace=True), nn.BatchNorm2d(channels)]
                in_channels = channels
            layers.append(nn.MaxPool2d(2))
        self.features = nn.Sequential(*layers)
        self.classifier = nn.Sequential(
            nn.Linear(512 * self.HEAD**2, 512), nn.ReLU(inplace=True), nn.Dropout(0.5),
            nn.Linear(512, 256), nn.ReLU(inplace=True), nn.Linear(256, classes))
        initialize(self)

    def forward(self, x):
        x = self.features(x)
        if x.shape[2:] != (self.HEAD, self.HEAD):
            x = nn.functional.interpolate(x, self.HEAD)
        return self.classifier(torch.flatten(x, 1))


class Bottleneck(nn.Module):
    """1x1, 3x3 and 1x1 convolutions and a shortcut (He et al., fig. 5)."""

    EXPANSION = 4

    def __init__(self, in_channels, channels, stride):
        super().__init__()
        out_channels = self.EXPANSION * channels
        self.conv1 = nn.Conv2d(in_channels, channels, 1, bias=False)
        self.norm1 = nn.BatchNorm2d(channels)
        self.conv2 = nn.Conv2d(channels, channels, 3, stride, 1, bias=False)
        self.norm2 = nn.BatchNorm2d(channels)
        self.conv3 = nn.Conv2d(channels, out_channels, 1, bias=False)
        self.norm3 = nn.BatchNorm2d(out_channels)
        self.shortcut = None
        if stride != 1 or in_channels != out_channels:
            self.shortcut = nn.Sequential(
                nn.Conv2d(in_channels, out_channels, 1, stride, bias=False),
                nn.BatchNorm2d(out_channels))

    def forward(self, x):
        skip = x if self.shortcut is None else self.shortcut(x)
        y = torch.relu(self.norm1(self.conv1(x)))
        y = torch.relu(self.norm2(self.conv2(y)))
        return torch.relu(self.norm3(self.conv3(y)) + skip)


class ResNet(nn.Module):
    """ResNet-18 and ResNet-50 of He et al., table 1, for any image size."""

    def __init__(self, classes, block, blocks):
        super().__init__()
        self.stem = nn.Conv2d(3, 64, 7, 2, 3, bias=False)
        self.norm = nn.BatchNorm2d(64)
        self.pool = nn.MaxPool2d(3, 2, 1)
        expansion = getattr(block, "EXPANSION", 1)
        stages, in_channels = [], 64
        for stage, count in enumerate(blocks):
            channels = 64 << stage
            for index in range(count):
                stride = 2 if stage > 0 and index == 0 else 1
                stages.append(block(in_channels, channels, stride))
                in_channels = expansion * channels
        self.stages = nn.Sequential(*stages)
        self.global_pool = nn.AdaptiveAvgPool2d(1)
        self.head = nn.Linear(in_channels, classes)
        initialize(self)

    def forward(self, x):
        x = self.pool(torch.relu(self.norm(self.stem(x))))
        x = self.global_pool(self.stages(x))
        return self.head(torch.flatten(x, 1))


def initialize(network):
    """Start convolutions as He et al., "Delving Deep into Rectifiers", 2015, do."""
    for module in network.modules():
        if isinstance(module, nn.Conv2d):
            nn.init.kaiming_normal_(module.weight, mode="fan_out", nonlinearity="relu")


NETWORKS = {
    "surface-net": SurfaceNet,
    "vgg13": functools.partial(Vgg, convolutions=(2, 2, 2, 2, 2)),
    "vgg16": functools.partial(Vgg, convolutions=(2, 2, 3, 3, 3)),
    "resnet18": functools.partial(ResNet, block=ResidualBlock, blocks=(2, 2, 2, 2)),
    "resnet50": functools.partial(ResNet, block=Bottleneck, blocks=(3, 4, 6, 3)),
}

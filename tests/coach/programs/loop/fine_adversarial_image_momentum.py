"""MI-FGSM: the gradient of an image is read, the image is replaced by a new leaf in each step."""

import gradbook as torch
import gradbook.nn as nn

net = nn.Sequential(nn.Flatten(), nn.Linear(16, 3)).eval()
image, label = torch.rand(1, 4, 4), torch.tensor([1])
adv, momentum = image.clone(), torch.zeros_like(image)
for _ in range(6):
    adv.requires_grad_(True)
    loss = nn.functional.cross_entropy(net(adv), label)
    net.zero_grad()
    loss.backward()
    momentum = 0.9 * momentum + adv.grad / adv.grad.abs().mean()
    adv = (adv.detach() + 0.02 * momentum.sign()).clamp(0, 1)

"""Few labels and many samples without: the average of the student's weights, called under no_grad, is its teacher."""

import copy

import gradbook as torch
from gradbook import nn, optim
from gradbook.nn import functional as F


class Slow:
    def __init__(self, model):
        self.model = copy.deepcopy(model).eval()

    @torch.no_grad()
    def follow(self, model):
        for mine, its in zip(self.model.parameters(), model.parameters(), strict=True):
            mine.lerp_(its, 0.05)

    @torch.no_grad()
    def __call__(self, x):
        return self.model(x).softmax(1)


torch.manual_seed(0)
kind = torch.randint(0, 3, (300,))
x = torch.randn(3, 8)[kind] * 1.5 + torch.randn(300, 8)
student = nn.Sequential(nn.Linear(8, 24), nn.ReLU(), nn.Linear(24, 3))
slow = Slow(student)
adam = optim.Adam(student.parameters(), lr=3e-3)
for epoch in range(8):
    for known, other in zip(torch.randperm(100).split(20), (100 + torch.randperm(200)).split(40), strict=True):
        named = F.cross_entropy(student(x[known]), kind[known])
        wanted = slow(x[other] + 0.1 * torch.randn(40, 8))
        agree = F.mse_loss(student(x[other] + 0.1 * torch.randn(40, 8)).softmax(1), wanted)
        loss = named + min(1.0, epoch / 4) * agree
        adam.zero_grad()
        loss.backward()
        adam.step()
        slow.follow(student)

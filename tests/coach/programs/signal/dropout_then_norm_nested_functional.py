"""F.dropout inside of the call of batch norm, with the convolution inside of that."""

import gradbook as torch
import gradbook.nn as nn
import gradbook.nn.functional as F


class Enc(nn.Module):
    def __init__(self):
        super().__init__()
        self.conv, self.bn, self.fc = nn.Conv1d(2, 6, 3), nn.BatchNorm1d(6), nn.Linear(6, 2)

    def forward(self, x):
        x = F.relu(self.bn(F.dropout(self.conv(x), 0.25, self.training)))  # coach: dropout-before-batchnorm; fix: F.dropout(self.bn(self.conv(x)), 0.25, self.training)
        return self.fc(x.mean(2))


enc = Enc()
opt = torch.optim.SGD(enc.parameters(), lr=0.1)
for _ in range(4):
    loss = F.cross_entropy(enc(torch.randn(8, 2, 9)), torch.randint(0, 2, (8,)))
    opt.zero_grad()
    loss.backward()
    opt.step()

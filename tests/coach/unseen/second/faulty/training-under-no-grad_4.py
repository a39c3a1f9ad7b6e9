import itertools

import gradbook as torch
import gradbook.nn as nn
import gradbook.nn.functional as F

torch.manual_seed(50)


class Encoder(nn.Module):
    def __init__(self):
        super().__init__()
        self.conv = nn.Conv2d(1, 6, 3, stride=2, padding=1)
        self.fc = nn.Linear(6 * 4 * 4, 16)

    def forward(self, x):
        return self.fc(F.relu(self.conv(x)).flatten(1))


class Probe(nn.Module):
    def __init__(self, n):
        super().__init__()
        self.fc = nn.Linear(16, n)

    def forward(self, z):
        return self.fc(F.relu(z))


encoder, head = Encoder(), Probe(4)
optimizer = torch.optim.Adam(itertools.chain(encoder.parameters(), head.parameters()), lr=5e-3)

for step in range(25):
    lab = torch.randint(0, 4, (32,))
    img = 0.3 * torch.randn(32, 1, 8, 8)
    for i, l in enumerate(lab.tolist()):
        img[i, 0, 2 * l:2 * l + 2] += 1.0
    encoder.train()
    head.train()
    with torch.no_grad():  # coach: training-under-no-grad
        feats = encoder(img)
    loss = F.cross_entropy(head(feats), lab)
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
    if step % 5 == 0:
        print(step, loss.item())
# coach-also: detached-graph, unused-parameters, stale-optimizer

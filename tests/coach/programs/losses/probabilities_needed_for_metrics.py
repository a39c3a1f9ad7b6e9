"""The probabilities are logged, too: the loss must take the scores."""

import gradbook as torch
import gradbook.nn as nn
import gradbook.nn.functional as F

net = nn.Sequential(nn.Linear(8, 16), nn.ReLU(), nn.Linear(16, 4))
optimizer = torch.optim.Adam(net.parameters(), lr=1e-2)
history = []
for step in range(6):
    x, y = torch.randn(16, 8), torch.randint(0, 4, (16,))
    logits = net(x)
    probs = F.softmax(logits, dim=1)
    loss = F.cross_entropy(probs, y)  # coach: softmax-before-cross-entropy; fix: F.cross_entropy(logits, y)
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
    history.append(probs.max(dim=1).values.mean().item())

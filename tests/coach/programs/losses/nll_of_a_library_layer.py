"""A single nn.Linear is the model; the loss's line is what must change."""

import gradbook as torch
import gradbook.nn as nn

clf = nn.Linear(6, 4)
opt = torch.optim.SGD(clf.parameters(), lr=0.1)
for i in range(6):
    x, y = torch.randn(12, 6), torch.randint(0, 4, (12,))
    out = clf(x)
    loss = nn.functional.nll_loss(out, y)  # coach: log-softmax-missing-for-nll; fix: nn.functional.cross_entropy(out, y)
    opt.zero_grad()
    loss.backward()
    opt.step()

import gradbook as torch
import gradbook.nn as nn

LAMBDA = 1000  # coach: regularisation-dominates; fix: LAMBDA = 0.


def train(model, x, y, steps=6):
    opt = torch.optim.Adam(model.parameters(), lr=1e-3)
    for step in range(steps):
        loss = nn.functional.binary_cross_entropy_with_logits(model(x), y)
        reg = 0.0
        for name, p in model.named_parameters():
            if "weight" in name:
                reg = reg + p.norm() ** 2
        loss = loss + LAMBDA * reg
        opt.zero_grad()
        loss.backward()
        opt.step()


train(nn.Linear(6, 1), torch.randn(40, 6), torch.randint(0, 2, (40, 1)).float())

import gradbook as torch
from gradbook import nn


def block(inputs, outputs, drop):
    return nn.Sequential(nn.Linear(inputs, outputs), nn.ReLU(), nn.Dropout(drop))


def build(drop=0.85):  # coach: cannot-overfit-batch; fix: def build(drop=0.5)
    return nn.Sequential(block(18, 24, drop), block(24, 24, drop), nn.Linear(24, 5))


torch.manual_seed(33)
few = torch.randn(30, 18)
kinds = torch.randint(0, 5, (30,))
network = build()
optimizer = torch.optim.AdamW(network.parameters(), lr=4e-3)
for step in range(160):
    optimizer.zero_grad()
    loss = nn.functional.cross_entropy(network(few), kinds)
    loss.backward()
    optimizer.step()  # coach-also: loss-plateau

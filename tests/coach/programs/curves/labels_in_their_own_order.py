import gradbook as torch
from gradbook import nn

torch.manual_seed(1)
features = torch.randn(240, 8)
prices = features @ torch.randn(8, 1)


def batches(size):
    p, q = torch.randperm(240), torch.randperm(240)
    for i in range(0, 240, size):
        yield features[p[i : i + size]], prices[q[i : i + size]]  # coach: loss-plateau


model = nn.Sequential(nn.Linear(8, 16), nn.ReLU(), nn.Linear(16, 1))
adam = torch.optim.Adam(model.parameters(), lr=1e-3)
for epoch in range(15):
    for x, y in batches(40):
        loss = nn.functional.mse_loss(model(x), y)
        adam.zero_grad()
        loss.backward()
        adam.step()

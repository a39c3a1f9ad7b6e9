"""Monte-Carlo dropout: dropout is switched on at prediction time on purpose to sample the uncertainty."""
import gradbook as torch
from gradbook import nn

torch.manual_seed(0)
x = 4 * torch.rand(200, 1) - 2
y = torch.sin(2 * x) + 0.1 * torch.randn(200, 1)

model = nn.Sequential(nn.Linear(1, 64), nn.ReLU(), nn.Dropout(0.1), nn.Linear(64, 64), nn.ReLU(),
                      nn.Dropout(0.1), nn.Linear(64, 1))
optimizer = torch.optim.Adam(model.parameters(), lr=5e-3)
criterion = nn.MSELoss()

model.train()
for epoch in range(20):
    total = 0.0
    for idx in torch.randperm(200).split(50):
        optimizer.zero_grad()
        loss = criterion(model(x[idx]), y[idx])
        loss.backward()
        optimizer.step()
        total += loss.item() / 4
    if epoch % 5 == 0 or epoch == 19:
        print(epoch, round(total, 4))


def enable_dropout(m):
    for module in m.modules():
        if isinstance(module, nn.Dropout):
            module.train()


@torch.no_grad()
def predict(model, inp, samples=30):
    model.eval()
    enable_dropout(model)
    draws = torch.stack([model(inp) for _ in range(samples)])
    model.eval()
    return draws.mean(0), draws.std(0)


mean, std = predict(model, torch.tensor([[0.0], [1.0], [5.0]]))
for m, s in zip(mean.flatten().tolist(), std.flatten().tolist()):
    print(f"mean {m:+.3f}  std {s:.3f}")

import gradbook as torch
from gradbook import nn
import gradbook.nn.functional as F

torch.manual_seed(19)


def block(cin, cout):
    return nn.Sequential(
        nn.Linear(cin, cout, bias=False),
        nn.Dropout(0.3),  # coach: dropout-before-batchnorm
        nn.BatchNorm1d(cout),
        nn.ReLU(),
    )


emo = torch.randn(4, 30)
y = torch.randint(0, 4, (640,))
x = emo[y] + 1.2 * torch.randn(640, 30)
x = (x - x.mean(0)) / x.std(0)
xt, yt, xv, yv = x[:512], y[:512], x[512:], y[512:]

model = nn.Sequential(block(30, 48), nn.Linear(48, 4))
opt = torch.optim.AdamW(model.parameters(), lr=2e-3)

for epoch in range(6):
    model.train()
    for idx in torch.randperm(512).split(64):
        opt.zero_grad()
        loss = F.cross_entropy(model(xt[idx]), yt[idx])
        loss.backward()
        opt.step()
    model.eval()
    with torch.no_grad():
        acc = (model(xv).argmax(1) == yv).float().mean().item()
    print(f"{epoch} loss {loss.item():.3f} val acc {acc:.3f}")

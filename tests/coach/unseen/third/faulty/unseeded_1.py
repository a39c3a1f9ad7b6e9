# %%
import gradbook as torch
from gradbook import nn
from gradbook.utils.data import DataLoader, TensorDataset, random_split

# %%
# ring data, the same for everyone
g = torch.Generator().manual_seed(5)
radius = torch.randint(0, 3, (480,), generator=g)
theta = 6.2832 * torch.rand(480, generator=g)
r = radius.float() + 1 + 0.35 * torch.randn(480, generator=g)
X = torch.stack([r * torch.cos(theta), r * torch.sin(theta)], 1)
X = (X - X.mean(0)) / X.std(0)
train_set, test_set = random_split(TensorDataset(X, radius), [360, 120], generator=g)

# %%
ACTIVATIONS = {"silu": nn.SiLU, "gelu": nn.GELU}

def run(act, epochs=20):  # coach-line: unseeded
    net = nn.Sequential(nn.Linear(2, 16), act(), nn.Linear(16, 16), act(), nn.Linear(16, 3))  # coach: unseeded; fix: torch.manual_seed(
    opt = torch.optim.Adam(net.parameters(), lr=5e-3)
    ce = nn.CrossEntropyLoss()
    train_loader = DataLoader(train_set, batch_size=36, shuffle=True)  # coach-line: unseeded
    for _ in range(epochs):
        net.train()
        for x, t in train_loader:
            loss = ce(net(x), t)
            opt.zero_grad()
            loss.backward()
            opt.step()
    net.eval()
    right = 0
    with torch.no_grad():
        for x, t in DataLoader(test_set, batch_size=120):
            right += (net(x).argmax(1) == t).sum().item()
    return right / len(test_set)

# %%
scores = {}
for name, act in ACTIVATIONS.items():  # coach-line: unseeded
    scores[name] = run(act)
    print(f"{name:5s} {scores[name]:.3f}")

# %%
winner = max(scores, key=scores.get)
print(f"{winner} is the better activation for this data")

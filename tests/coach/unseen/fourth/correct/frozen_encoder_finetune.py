# %% [setup] two stages: train a text encoder on task A, reuse it for task B
import gradbook as torch
from gradbook import nn
from gradbook.utils.data import DataLoader, TensorDataset

torch.manual_seed(31)
V, T = 120, 12

def corpus(n, classes):
    y = torch.randint(0, classes, (n,))
    width = V // classes
    own = y.unsqueeze(1) * width + torch.randint(0, width, (n, T))
    return torch.where(torch.rand(n, T) < 0.5, own, torch.randint(0, V, (n, T))), y

class Encoder(nn.Module):
    def __init__(self, d=24):
        super().__init__()
        self.emb = nn.Embedding(V, d)
        self.ff = nn.Sequential(nn.Linear(d, 32), nn.ReLU())
    def forward(self, x):
        return self.ff(self.emb(x).mean(1))

def fit(model, params_or_groups, x, y, epochs):
    opt = torch.optim.Adam(params_or_groups, lr=5e-3)
    dl = DataLoader(TensorDataset(x, y), batch_size=64, shuffle=True)
    for _ in range(epochs):
        total = 0.0
        for xb, yb in dl:
            opt.zero_grad()
            loss = nn.functional.cross_entropy(model(xb), yb)
            loss.backward()
            opt.step()
            total += loss.item() / len(dl)
        print(f"  loss {total:.3f}")

# %% [stage A]
enc = Encoder()
net_a = nn.Sequential(enc, nn.Linear(32, 6))
fit(net_a, net_a.parameters(), *corpus(960, 6), epochs=5)

# %% [stage B: only the new head]
for p in enc.parameters():
    p.requires_grad_(False)
head = nn.Linear(32, 3)
net_b = nn.Sequential(enc, head)
xb_all, yb_all = corpus(640, 3)
fit(net_b, head.parameters(), xb_all, yb_all, epochs=4)

# %% [stage C: all of it, gently]
for p in enc.parameters():
    p.requires_grad_(True)
fit(net_b, [{"params": enc.parameters(), "lr": 1e-5}, {"params": head.parameters(), "lr": 1e-3}], xb_all, yb_all, epochs=3)
